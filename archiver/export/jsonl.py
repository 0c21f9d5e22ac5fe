"""Rows as JSON Lines: one object a line, UTF-8, keys as `archiver show --json` has them."""

from collections.abc import Iterable, Iterator, Sequence

import orjson

from archiver.store import Row
from archiver.store.streaming import JSON_COLUMNS


def json_lines(pages: Iterable[list[Row]], columns: Sequence[str]) -> Iterator[bytes]:
    """A chunk of whole lines for each page. What is JSON in the archive goes in as it stands there."""
    nested = [name for name in columns if name in JSON_COLUMNS]
    dumps, as_it_is, line = orjson.dumps, orjson.Fragment, orjson.OPT_APPEND_NEWLINE
    for page in pages:
        lines = []
        for row in page:
            told = dict(zip(columns, row, strict=True))
            for name in nested:
                told[name] = as_it_is(told[name])
            lines.append(dumps(told, option=line))
        yield b"".join(lines)
