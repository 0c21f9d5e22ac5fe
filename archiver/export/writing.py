"""One export from question to file: rows, format, codebook, manifest."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from archiver.errors import ConfigError
from archiver.export import atom, csv, jsonl, markdown, parquet
from archiver.export.codebook import codebook, columns_of
from archiver.export.manifest import Asked, codebook_path, manifest, manifest_path
from archiver.export.sink import Sink, Written, whole_file, whole_folder
from archiver.query import Query
from archiver.store import Reader, Row, Rows, Wanted

FORMATS = ("jsonl", "csv", "markdown", "atom", "parquet")
"""What rows can be written as."""

_DOCUMENTS = frozenset({"markdown", "atom"})
"""Formats for reading: each post once, and only what is safe to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An export, as it was asked for. Raises ConfigError for a form that is none."""

    form: str
    """One of FORMATS."""
    question: Query
    asked: Asked
    revisions: bool = False
    """A row for each version, not for each entry."""
    bom: bool = False
    """CSV begins with the mark by which Excel knows UTF-8."""
    at: str
    """Now, as the archive writes times."""

    def __post_init__(self) -> None:
        if self.form not in FORMATS:
            raise ConfigError(f"{self.form!r} is no format; write one of {', '.join(FORMATS)}")

    @property
    def wanted(self) -> Wanted:
        """The rows that it takes."""
        is_document = self.form in _DOCUMENTS
        rows = Rows.ENTRIES
        if self.revisions:
            rows = Rows.VERSIONS if is_document else Rows.REVISIONS
        return Wanted(
            question=self.question,
            rows=rows,
            beside=is_document,
            one_per_post=is_document and not self.revisions,
        )

    @property
    def each(self) -> str:
        """What each row stands for: an entry, a post, a version."""
        if self.wanted.one_per_post:
            return "post"
        return "version" if self.revisions else "entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What came of an export."""

    rows: int
    written: Written
    manifest: dict[str, Any] | None = None


def export(reader: Reader, out: BinaryIO, order: Order) -> Exported:
    """Write all rows that answer to an open file. Raises ConfigError, StoreError, and what `out` raises."""
    with reader.one_moment():
        return _export(reader, out, order)


def export_to(reader: Reader, path: Path, order: Order) -> Exported:
    """Write a file, or a folder, that takes its name when it is whole; codebook and manifest come beside it.

    Raises ConfigError where it cannot be written.
    """
    in_folder = order.form == "markdown" and path.suffix.lower() != ".zip"
    with reader.one_moment():
        archive = reader.watermark()
        if in_folder:
            with whole_folder(path) as folder:
                pages = _Counted(reader.stream(order.wanted))
                written = markdown.write_folder(_files(pages, order), folder)
                exported = Exported(written=written, rows=pages.rows)
        else:
            with whole_file(path) as file:
                exported = _export(reader, file, order)
    rows = order.wanted.rows
    told = manifest(
        name=path.name,
        form=order.form,
        rows=exported.rows,
        each=order.each,
        columns=[column.name for column in columns_of(rows)],
        written=exported.written,
        asked=order.asked,
        question=order.question,
        archive=archive,
        at=order.at,
    )
    with whole_file(codebook_path(path)) as file:
        file.write(codebook(rows, as_of=order.question.seen_by).encode())
    with whole_file(manifest_path(path)) as file:
        file.write(json.dumps(told, ensure_ascii=False, indent=2).encode() + b"\n")
    return Exported(rows=exported.rows, written=exported.written, manifest=told)


def _export(reader: Reader, out: BinaryIO, order: Order) -> Exported:
    if order.form == "parquet":
        parquet.make_sure_of_pyarrow()
    with Sink(out) as sink:
        pages = _Counted(reader.stream(order.wanted))
        columns = columns_of(order.wanted.rows)
        match order.form:
            case "jsonl":
                for chunk in jsonl.json_lines(pages, order.wanted.columns):
                    sink.write(chunk)
            case "csv":
                texts = csv.texts_of(columns)
                for chunk in csv.csv_lines(pages, order.wanted.columns, texts=texts, bom=order.bom):
                    sink.write(chunk)
            case "atom":
                for chunk in _atom(pages, reader, order):
                    sink.write(chunk)
            case "markdown":
                markdown.write_zip(_files(pages, order), sink)
            case _:
                parquet.write_parquet(pages, columns, sink)
    return Exported(rows=pages.rows, written=sink.written)


class _Counted:
    """Pages of rows, counted as they go by."""

    def __init__(self, pages: Iterator[list[Row]]) -> None:
        self._pages = pages
        self.rows = 0

    def __iter__(self) -> Iterator[list[Row]]:
        for page in self._pages:
            self.rows += len(page)
            yield page


def _files(pages: _Counted, order: Order) -> Iterator[list[markdown.File]]:
    return markdown.markdown_files(pages, order.wanted.columns, versions=order.revisions)


def _atom(pages: _Counted, reader: Reader, order: Order) -> Iterator[bytes]:
    question, wanted = str(order.question), order.wanted
    state = order.question.seen_by or reader.watermark()["last_fetch_at"] or order.at
    meta = atom.Meta(
        id=atom.archive_id(f"export {question} {wanted.rows} {order.question.seen_by or ''}"),
        title=f"Archive: {question}" if question else "Archive",
        updated=state,
        complete=True,
    )
    columns, versions = wanted.columns, order.revisions
    made = ([atom.atom_entry(row, columns, version=versions) for row in page] for page in pages)
    return atom.feed_chunks(meta, made)
