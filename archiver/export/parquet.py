"""Rows as Parquet, with typed columns, a row group at a time. Needs `archiver[parquet]`."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from archiver.errors import ConfigError
from archiver.export.columns import Column, Kind
from archiver.export.sink import Sink
from archiver.store import Row

_GROUP = 8_000
"""Rows of a row group: some twenty megabytes of text."""


def write_parquet(pages: Iterable[list[Row]], columns: Sequence[Column], sink: Sink) -> None:
    """Write rows. Raises ConfigError where pyarrow is not installed."""
    pa, pq = make_sure_of_pyarrow()
    types = _types(pa)
    schema = pa.schema(
        [
            pa.field(
                column.name,
                types[column.kind],
                metadata={"meaning": column.meaning, "origin": str(column.origin)},
            )
            for column in columns
        ]
    )
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        for rows in _groups(pages):
            arrays = [
                _array(pa, values, column.kind, types[column.kind])
                for values, column in zip(zip(*rows, strict=True), columns, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=_GROUP)


def make_sure_of_pyarrow() -> tuple[Any, Any]:
    """The library, in both of its parts. Raises ConfigError."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ConfigError(
            "Parquet needs pyarrow, which is not installed; `pip install 'archiver[parquet]'` adds it"
        ) from error
    return pa, pq


def _groups(pages: Iterable[list[Row]]) -> Iterator[list[Row]]:
    group: list[Row] = []
    for page in pages:
        group += page
        if len(group) >= _GROUP:
            yield group
            group = []
    if group:
        yield group


def _types(pa: Any) -> dict[Kind, Any]:  # noqa: ANN401 - the library has no types of its own
    person = pa.struct([(name, pa.string()) for name in ("name", "email", "url")])
    file = pa.struct([("url", pa.string()), ("type", pa.string()), ("length", pa.int64())])
    subject = pa.struct([(name, pa.string()) for name in ("term", "scheme", "label")])
    types = dict.fromkeys(Kind, pa.string())
    return types | {
        Kind.NUMBER: pa.int64(),
        Kind.SHARE: pa.float64(),
        Kind.FLAG: pa.bool_(),
        Kind.TIME: pa.timestamp("s", tz="UTC"),
        Kind.NAMES: pa.list_(pa.string()),
        Kind.PEOPLE: pa.list_(person),
        Kind.FILES: pa.list_(file),
        Kind.SUBJECTS: pa.list_(subject),
    }


_LISTS = frozenset({Kind.NAMES, Kind.PEOPLE, Kind.FILES, Kind.SUBJECTS})


def _array(pa: Any, values: Sequence[Any], kind: Kind, wanted: Any) -> Any:  # noqa: ANN401
    if kind is Kind.TIME:
        return pa.array(values, pa.string()).cast(wanted)
    if kind is Kind.FLAG:
        values = [None if value is None else bool(value) for value in values]
    elif kind in _LISTS:
        values = [[] if value == "[]" else json.loads(value) for value in values]
    return pa.array(values, wanted)
