"""Rows as JSON Lines: one object a line, UTF-8, keys as `archiver show --json` has them."""

from collections.abc import Iterable, Iterator, Sequence

import orjson

from archiver.store import Row
from archiver.store.streaming import JSON_COLUMNS

_SEPARATOR = b"\x1e"
"""Stands nowhere in JSON, neither in a text, where it is escaped, nor between values."""

_END_OF_LINE = orjson.Fragment(_SEPARATOR)


def json_lines(pages: Iterable[list[Row]], columns: Sequence[str]) -> Iterator[bytes]:
    """A chunk of whole lines for each page. What is JSON in the archive goes in as it stands there."""
    nested = [name for name in columns if name in JSON_COLUMNS]
    as_it_is = orjson.Fragment
    for page in pages:
        told: list[object] = []
        for row in page:
            line = dict(zip(columns, row, strict=True))
            for name in nested:
                line[name] = as_it_is(line[name])
            told += (line, _END_OF_LINE)
        yield _as_lines(told)


def _as_lines(told: list[object]) -> bytes:
    """A page that is written as one list, which takes half as long as line by line, without its signs."""
    written = orjson.dumps(told)
    view, lines, begin = memoryview(written), list[memoryview | bytes](), 1
    while (end := written.find(_SEPARATOR, begin)) > 0:
        lines.append(view[begin : end - 1])
        begin = end + 2
    return b"\n".join([*lines, b""])
