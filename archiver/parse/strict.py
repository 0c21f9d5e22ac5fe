"""feedparser's strict reader, spared what it does over and over; the readings are feedparser's own.

`feedparser.parse` hands on every line and every reference of a text by itself, looks each character of all
texts up in a table, and copies by general means: two thirds of its time, with the options that we use.
"""

import io
import re
import xml.sax
from typing import Any

from feedparser.api import StrictFeedParser
from feedparser.util import FeedParserDict

_WINDOWS_1252 = re.compile("[\x80-\x9f]")


class _Text(str):
    """A text that knows whether there is anything in it to look up in a table of windows-1252's signs."""

    __slots__ = ()

    def translate(self, table: Any) -> str:  # noqa: ANN401 - as `str` has it
        return str.translate(self, table) if _WINDOWS_1252.search(self) else str(self)


class _Parameters(FeedParserDict):  # type: ignore[misc]  # feedparser is untyped
    """The type, language and base of a text: plain values, which need no deep copy."""

    def __deepcopy__(self, memo: dict[int, Any]) -> FeedParserDict:
        return FeedParserDict(self)


class _Reader(StrictFeedParser):  # type: ignore[misc]  # feedparser is untyped
    """Takes the text between two tags at once."""

    resolve_relative_uris = False
    sanitize_html = False

    def __init__(self) -> None:
        super().__init__("", None, "utf-8")
        self._pieces: list[str] = []
        self.characters = self._pieces.append
        self.contentparams: FeedParserDict

    def _flush(self) -> None:
        if self._pieces:
            text = "".join(self._pieces)
            self._pieces.clear()
            self.handle_data(text)

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: ANN401, N802 - SAX's own
        self._flush()
        super().startElementNS(name, qname, attrs)

    def endElementNS(self, name: Any, qname: Any) -> None:  # noqa: ANN401, N802 - SAX's own
        self._flush()
        super().endElementNS(name, qname)
        # feedparser lets an entry's xml:base last beyond its element where the elements around have none.
        self.baseuri = self.basestack[-1] if self.basestack else ""

    def push_content(self, *arguments: Any) -> None:  # noqa: ANN401 - feedparser's own
        super().push_content(*arguments)
        self.contentparams = _Parameters(self.contentparams)

    @staticmethod
    def decode_entities(element: str, data: str) -> str:
        """Nothing, as in feedparser; what follows it there is the table."""
        return _Text(data)


def read_strictly(source: bytes) -> tuple[FeedParserDict, list[FeedParserDict], str]:
    """The feed's own elements, the entries, and the version, as `feedparser.parse` has them.

    `source` is UTF-8 without declaration or DOCTYPE. Raises SAXException where it is no sound XML, and
    whatever feedparser's readers of extensions raise.
    """
    reader = _Reader()
    parser = xml.sax.make_parser()  # noqa: S317 - feedparser's own choice; in a worker that can be killed
    parser.setFeature(xml.sax.handler.feature_namespaces, True)
    parser.setFeature(xml.sax.handler.feature_external_ges, False)
    parser.setContentHandler(reader)
    parser.setErrorHandler(reader)
    document = xml.sax.xmlreader.InputSource()
    document.setByteStream(io.BytesIO(source))
    parser.parse(document)
    return reader.feeddata, reader.entries, reader.version
