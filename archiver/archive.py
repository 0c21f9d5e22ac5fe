"""The archive for programs and notebooks: `archiver.open(path)`, and everything that can be asked of it.

    import archiver

    with archiver.open("data/archive.db") as archive:
        page = archive.search("Kyrgyzstan election OR выборы", since="2024")
        for hit in page.items:
            print(hit.post.date, hit.post.title, hit.snippet.marked())

The command line and the web pages ask through the same methods. Nothing here can write.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Self

from archiver import times
from archiver.errors import ConfigError
from archiver.query import Query, dated
from archiver.records import Entry, Event, Facets, Feed, Fetch, Hit, Page, Post, Revision
from archiver.store.answers import Answers

if TYPE_CHECKING:
    from archiver.export.writing import Exported

Order = Literal["rank", "newest"]


class Archive:
    """An archive, open for reading. Use it in one thread; it closes as a context manager, or by `close`."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def close(self) -> None:
        """Let go of the file."""
        self._answers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------ questions

    def search(
        self,
        question: str | Query = "",
        *,
        feed: str | int | None = None,
        tag: str | None = None,
        lang: str | None = None,
        since: str | None = None,
        until: str | None = None,
        as_of: str | None = None,
        limit: int = 20,
        cursor: str | None = None,
        order: Order = "rank",
    ) -> Page[Hit]:
        """A page of posts that answer a question, the best first, or the newest."""
        query = self._query(question, feed=feed, tag=tag, lang=lang, since=since, until=until, as_of=as_of)
        return self._answers.search(query, limit=limit, cursor=cursor, order=order)

    def count(
        self,
        question: str | Query = "",
        *,
        feed: str | int | None = None,
        tag: str | None = None,
        lang: str | None = None,
        since: str | None = None,
        until: str | None = None,
        as_of: str | None = None,
    ) -> int:
        """How many posts answer a question."""
        query = self._query(question, feed=feed, tag=tag, lang=lang, since=since, until=until, as_of=as_of)
        return self._answers.count(query)

    def facets(
        self,
        question: str | Query = "",
        *,
        feed: str | int | None = None,
        tag: str | None = None,
        lang: str | None = None,
        since: str | None = None,
        until: str | None = None,
        as_of: str | None = None,
    ) -> Facets:
        """How the posts that answer a question are spread over feeds, tags, languages and years."""
        query = self._query(question, feed=feed, tag=tag, lang=lang, since=since, until=until, as_of=as_of)
        return self._answers.facets(query)

    def posts(
        self,
        question: str | Query = "",
        *,
        feed: str | int | None = None,
        tag: str | None = None,
        lang: str | None = None,
        since: str | None = None,
        until: str | None = None,
        as_of: str | None = None,
    ) -> Iterator[Post]:
        """Every post that answers a question, in the order of their numbers, as a stream."""
        query = self._query(question, feed=feed, tag=tag, lang=lang, since=since, until=until, as_of=as_of)
        return self._answers.posts(query)

    def entries(
        self,
        question: str | Query = "",
        *,
        feed: str | int | None = None,
        tag: str | None = None,
        lang: str | None = None,
        since: str | None = None,
        until: str | None = None,
        as_of: str | None = None,
    ) -> Iterator[Entry]:
        """Every entry that answers a question, in the order of their numbers, as a stream."""
        query = self._query(question, feed=feed, tag=tag, lang=lang, since=since, until=until, as_of=as_of)
        return self._answers.entries(query)

    def _query(
        self,
        question: str | Query,
        *,
        feed: str | int | None,
        tag: str | None,
        lang: str | None,
        since: str | None,
        until: str | None,
        as_of: str | None,
    ) -> Query:
        """The question with the conditions beside it. Raises ConfigError for what is no date."""
        for day in (since, until, as_of):
            dated(day)
        query = Query(words=question, as_of=as_of) if isinstance(question, str) else question.as_seen(as_of)
        if feed is not None:
            feed = self._answers.feed_meant(str(feed)) or feed
        return query.narrowed(feed=feed, tag=tag, lang=lang, since=since, until=until)

    # ------------------------------------------------------------ one thing

    def post(self, post_id: int, *, as_of: str | None = None) -> Post:
        """A post by its number. Raises NotFound."""
        return self._answers.post_record(post_id, seen_by=Query(as_of=as_of).seen_by)

    def entry(self, entry_id: int) -> Entry:
        """An entry by its number, in its latest version. Raises NotFound."""
        return self._answers.entry_record(entry_id)

    def entries_of(self, post_id: int) -> tuple[Entry, ...]:
        """A post's entries, the one that stands for it first. Raises NotFound."""
        return self._answers.entries_of(post_id)

    def revisions(self, entry_id: int) -> tuple[Revision, ...]:
        """Every version of an entry, oldest first, with the fetch that brought it. Raises NotFound."""
        return self._answers.versions(entry_id)

    def events(
        self, entry_id: int | None = None, feed_id: int | None = None, *, limit: int = 100
    ) -> tuple[Event, ...]:
        """What happened to an entry, to a feed or to all, newest first."""
        return self._answers.happenings(entry_id=entry_id, feed_id=feed_id, limit=limit)

    def feeds(self) -> tuple[Feed, ...]:
        """Every feed, in the order in which they were added; also those that are followed no more."""
        return self._answers.feed_records()

    def feed(self, name: str | int) -> Feed:
        """A feed by number, address or name. Raises NotFound; ConfigError where a name means several."""
        return self._answers.feed_record(name if isinstance(name, int) else self._answers.find_feed(name))

    def fetches(self, feed_id: int, *, limit: int = 50, cursor: str | None = None) -> Page[Fetch]:
        """A feed's log of fetches, newest first."""
        before = None
        if cursor is not None:
            if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
                raise ConfigError(f"{cursor[:40]!r} does not lead to a page of fetches")
            before = int(cursor)
        found = self._answers.log(feed_id, limit=limit + 1, before=before)
        following = str(found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(found[:limit]), next=following)

    def body(self, fetch_id: int) -> bytes:
        """What was received by a fetch, byte for byte. Raises NotFound; StoreError if it is damaged."""
        return self._answers.received(fetch_id)

    def sql(self, statement: str, parameters: Sequence[Any] = ()) -> Iterator[dict[str, Any]]:
        """The rows of a SELECT of your own, as `docs/schema.md` describes the tables."""
        return self._answers.sql(statement, parameters)

    def export(
        self,
        out: str | Path | BinaryIO,
        form: str,
        question: str | Query = "",
        *,
        feed: str | int | None = None,
        tag: str | None = None,
        lang: str | None = None,
        since: str | None = None,
        until: str | None = None,
        as_of: str | None = None,
        revisions: bool = False,
    ) -> "Exported":
        """Write all that answers a question as `jsonl`, `csv`, `markdown`, `atom` or `parquet`.

        To an open file, or to a path, which gets codebook and manifest beside it. With `revisions` a row is a
        version, else an entry. Raises ConfigError where the path cannot be written.
        """
        from archiver.export import writing
        from archiver.export.manifest import Asked

        given = {"tag": tag, "lang": lang, "since": since, "until": until, "as_of": as_of}
        query = self._query(question, feed=feed, **given)
        asked = Asked(words=query.words, feed=None if feed is None else str(feed), **given)
        order = writing.Order(
            form=form,
            question=query,
            asked=asked,
            revisions=revisions,
            at=times.to_text(times.now()),
        )
        if isinstance(out, str | Path):
            return writing.export_to(self._answers, Path(out), order)
        return writing.export(self._answers, out, order)


def open_archive(path: str | Path) -> Archive:
    """Open the archive at `path` for reading.

    Raises StoreError where there is none, SchemaError for one of a newer program, or another kind of file.
    """
    return Archive(Answers.open(Path(path)))
