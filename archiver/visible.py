"""Publishers' text as terminals, logs and mails may show it: never a raw control character. Pure."""

import unicodedata

_JOINERS = frozenset("\u200c\u200d")
_DANGEROUS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """Publishers' text with control, bidirectional and unassigned characters made visible as `\\x1b`.

    A title must not be able to move the cursor, colour the screen or turn a line around.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char
        if char in _JOINERS or unicodedata.category(char) not in _DANGEROUS
        else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in text
    )


def visible_lines(text: str) -> str:
    """The same for text of several lines, its line breaks kept."""
    return "\n".join(visible(line.replace("\t", "    ")) for line in text.split("\n"))


def shortened(text: str, length: int) -> str:
    """The text in at most so many characters, with the mark of a cut."""
    return text if len(text) <= length else text[: length - 1] + "…"
