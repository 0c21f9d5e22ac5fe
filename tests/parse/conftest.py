"""For the readers of text exports: the seeds, the corpus, and feeds flattened as HTML parsers do it."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

_BLOCKS = "p|div|figure|figcaption|blockquote|ul|ol|li|h[1-6]|table|tr|pre|section|article|hr"


def _flatten(document: str, *, style: str) -> str:
    """Flatten a feed as an HTML parser would: `<link>` is void, a CDATA section ends at its first `>`.

    Styles: `blocks` (as the seed), `one-line`, `line-per-text`, `kept` (CDATA text kept with its tags),
    `no-marks` (as the seed, without the stray `]]>`).
    """
    text = re.sub(r"<\?[^>]*>", "", document)
    if style == "kept":
        held: list[str] = []

        def hold(found: re.Match[str]) -> str:
            held.append(found.group(1))
            return f"\x01{len(held) - 1}\x01"

        text = re.sub(r"<!\[CDATA\[(.*?)\]\]>", hold, text, flags=re.S)
        text = html.unescape(re.sub(r"<[^>]*>", " ", text))
        text = re.sub(r"\x01(\d+)\x01", lambda found: held[int(found.group(1))], text)
        return " ".join(text.split())
    text = re.sub(r"<!--.*?-->|<![^>]*>", "", text, flags=re.S)
    text = re.sub(r"\s+", " ", text)
    if style == "line-per-text":
        lines = (" ".join(html.unescape(line).split()) for line in re.sub(r"<[^>]*>", "\n", text).split("\n"))
        return "\n".join(line for line in lines if line)
    text = re.sub(rf"</?(?:{_BLOCKS})\b[^>]*>", "\n\n", text)
    text = re.sub(r"(\]\]>)", r"\1\n", text)
    text = re.sub(r"<[a-zA-Z/][^>]*>", " ", text.replace("]]>", "\x02")).replace("\x02", "]]>")
    lines = [" ".join(html.unescape(line).split()) for line in text.split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    if style == "no-marks":
        return text.replace("]]>", "")
    return " ".join(text.split()) if style == "one-line" else text


@pytest.fixture
def flatten() -> Callable[..., str]:
    return _flatten


@pytest.fixture
def seed() -> Callable[[str], str]:
    """The text of a seed document, by the three digits its name begins with."""

    def read(number: str) -> str:
        return next(FIXTURES.glob(f"{number}_*.txt")).read_text(encoding="utf-8")

    return read


@pytest.fixture
def corpus() -> Path:
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real feeds is not on this machine")
    return CORPUS
