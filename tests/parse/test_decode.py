"""Encodings: declared, undeclared, declared wrongly, mixed and told by a person."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.parse.decode import codec_for, decode

RUSSIAN = (
    "В Бишкеке прошла встреча журналистов, на которой обсудили будущее независимых изданий. "
    "Участники рассказали, почему хранят каждую версию новости и зачем нужен открытый архив."
)
TEXTS = {
    "ru": (RUSSIAN, ("windows-1251", "koi8-r", "iso-8859-5", "cp866")),
    "ru-capitals": (RUSSIAN.upper(), ("windows-1251", "koi8-r", "iso-8859-5")),
    "uk": (
        "Учасники розповіли, як вони перевіряють відомості та чому зберігають кожну версію новини. "
        "Їхній архів відкритий, і про це є стаття.",
        ("windows-1251", "koi8-u", "iso-8859-5"),
    ),
    "kk": (
        "Қазақстанда азаматтық қоғам ұйымдары жаңа заң жобасын талқылады. "
        "Жиынға өңірлерден келген журналистер мен құқық қорғаушылар қатысты.",
        ("kz1048",),
    ),
    "sr": (
        "Учесници су испричали како проверавају податке, зашто чувају сваку верзију вести.",
        ("windows-1251",),
    ),
    "sv": ("Det här är ett öppet arkiv; på kaféet i Göteborg höll Åsa ett anförande.", ("windows-1252",)),
    "pl": (
        "Społeczeństwo obywatelskie zmienia się szybciej, niż nadążają o nim pisać gazety.",
        ("windows-1250", "iso-8859-2"),
    ),
    "tr": ("Katılımcılar bilgileri nasıl doğruladıklarını, neden sakladıklarını anlattı.", ("windows-1254",)),
    "fr": ("Les dossiers sont acceptés jusqu’à la mi-mars ; la vérité a été dite.", ("windows-1252",)),
    "en": ("The region’s café — a £300 grant “until” March.", ("windows-1252",)),
}
CASES = [(language, charset) for language, (_, charsets) in TEXTS.items() for charset in charsets]


def document(text: str, declaration: str = "") -> str:
    """Wrap a text in the ASCII that feeds are full of."""
    filling = '<item><link rel="alternate" href="https://example.org/">x</link></item>\n' * 40
    return f"{declaration}<rss><channel>{filling}<title>{text}</title>\n{filling}</channel></rss>"


@pytest.mark.parametrize(("language", "charset"), CASES)
@pytest.mark.parametrize("declared", [None, "utf-8"])
def test_an_encoding_is_found_out_whether_undeclared_or_declared_wrongly(
    language: str, charset: str, declared: str | None
) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>\n' if declared else ""
    text = document(TEXTS[language][0], declaration)
    decoded = decode(text.encode(charset))
    assert decoded.text == text
    assert decoded.charset == charset
    assert bool(decoded.problems) == bool(declared)


@pytest.mark.parametrize(("charset", "wrong"), [
    ("koi8-r", "windows-1251"), ("windows-1251", "koi8-r"), ("iso-8859-5", "windows-1251"),
    ("windows-1251", "iso-8859-1"), ("cp866", "windows-1251"), ("windows-1251", "iso-8859-5"),
])  # fmt: skip
def test_one_single_byte_encoding_declared_as_another_is_overruled(charset: str, wrong: str) -> None:
    text = document(RUSSIAN)
    decoded = decode(text.encode(charset), content_type=f"text/xml; charset={wrong}")
    assert decoded.text == text
    assert len(decoded.problems) == 1


@pytest.mark.parametrize(("language", "charset"), CASES)
def test_a_right_declaration_is_believed(language: str, charset: str) -> None:
    text = document(TEXTS[language][0])
    decoded = decode(text.encode(charset), content_type=f'application/xml; charset="{charset}"')
    assert (decoded.text, decoded.charset, decoded.problems) == (text, charset, ())


@pytest.mark.parametrize("text", ["Åsa", "på", "café", "Ищу", "дом и сад"])
def test_few_letters_are_enough_when_they_are_declared(text: str) -> None:
    charset = "windows-1252" if text[0].isascii() or text[0] == "Å" else "windows-1251"
    declaration = f'<?xml version="1.0" encoding="{charset}"?>'
    assert decode(f"{declaration}<rss>{text}</rss>".encode(charset)).text.endswith(f"<rss>{text}</rss>")


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("東京の日本語の新聞", "shift_jis"),
        ("中文新闻档案", "gb2312"),
        ("한국어 신문", "euc-kr"),
        ("日本語", "iso-2022-jp"),
    ],
)
def test_east_asian_encodings_are_read_where_they_are_declared(text: str, charset: str) -> None:
    body = f'<?xml version="1.0" encoding="{charset}"?><rss>{text}</rss>'.encode(charset)
    assert text in decode(body).text


@pytest.mark.parametrize("declared", ["windows-1251", "iso-8859-1", "utf-16", "koi8-r"])
def test_valid_utf_8_beats_every_declaration(declared: str) -> None:
    decoded = decode(f'<?xml version="1.0" encoding="{declared}"?><rss>{RUSSIAN}</rss>'.encode())
    assert RUSSIAN in decoded.text
    assert decoded.charset == "utf-8"
    assert decoded.problems


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("marked", [True, False])
def test_wide_unicode_is_read_with_and_without_a_byte_order_mark(codec: str, marked: bool) -> None:
    text = document(RUSSIAN)
    decoded = decode((("\ufeff" if marked else "") + text).encode(codec))
    assert decoded.text == text
    assert decoded.charset == codec[:6]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_a_text_of_cyrillic_letters_and_blanks_is_read_as_utf_16_without_a_mark(codec: str) -> None:
    text = "Мектептерге жаңы китептер жеткирилди, окуучулар кубанычта. " * 40
    assert decode(text.encode(codec)).text == text


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert decode(codecs.BOM_UTF8 + b"<rss/>").text == "<rss/>"


def test_a_person_overrules_everything() -> None:
    decoded = decode("Привет".encode(), charset="koi8-r")
    assert decoded.text == "Привет".encode().decode("koi8-r")
    assert decoded.charset == "koi8-r"


@pytest.mark.parametrize(
    "name",
    ["punycode", "unicode_escape", "undefined", "idna", "rot13", "base64", "utf-7", "zip", "ü", "", "\0"],
)
def test_codecs_that_are_no_encodings_of_documents_are_not_allowed(name: str) -> None:
    assert codec_for(name) is None
    decoded = decode(b'<?xml version="1.0" encoding="%s"?><rss>abc</rss>' % name.encode(), charset=name)
    assert "<rss>abc</rss>" in decoded.text


def test_one_line_in_another_encoding_costs_no_other_line() -> None:
    body = f"{RUSSIAN}\n".encode() * 5 + "på kaféet\n".encode("windows-1252") + f"{RUSSIAN}\n".encode()
    decoded = decode(body)
    assert decoded.text == f"{RUSSIAN}\n" * 5 + "på kaféet\n" + f"{RUSSIAN}\n"
    assert decoded.charset == "utf-8"
    assert len(decoded.problems) == 1


@pytest.mark.parametrize("cut", [1, 3, 5])
def test_utf_8_cut_within_a_character_stays_utf_8(cut: int) -> None:
    body = RUSSIAN.rstrip(".").encode()[:-cut]
    decoded = decode(body)
    assert decoded.charset == "utf-8"
    assert decoded.text.rstrip("\ufffd") == RUSSIAN.rstrip(".")[: -(cut + 1) // 2]


def test_text_encoded_twice_is_noticed_and_left_as_it_is() -> None:
    twice = "".join(RUSSIAN.split(",")).encode().decode("cp1251", "ignore")
    decoded = decode(twice.encode())
    assert decoded.text == twice
    assert len(decoded.problems) == 1
    assert decode(RUSSIAN.encode()).problems == ()


@given(st.binary(max_size=300), st.sampled_from([None, "utf-8", "koi8-r", "gb18030", "nonsense"]))
def test_any_bytes_become_text(body: bytes, charset: str | None) -> None:
    decoded = decode(body, charset=charset, content_type=f"text/xml; charset={charset}")
    decoded.text.encode("utf-8", "strict")
    assert decoded.charset
