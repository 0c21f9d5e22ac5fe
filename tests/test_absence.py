"""What becomes of entries that a document should have had, where there is no date to go by. End to end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

URL = "https://example.org/feed"
DAY = datetime(2026, 1, 31, tzinfo=UTC)


def rss(names: str, *, date: Callable[[str], datetime] | None = None) -> str:
    """An RSS document of entries that are named by letters, newest first."""
    items = "".join(
        f"<item><title>Story {name}</title><guid isPermaLink='false'>{name}</guid>"
        + (f"<pubDate>{format_datetime(date(name))}</pubDate>" if date else "")
        + f"<description>All of story {name}.</description></item>"
        for name in names
    )
    return f"<rss version='2.0'><channel><title>Example</title>{items}</channel></rss>"


def atom(names: str, *, date: Callable[[str], datetime] | None = None) -> str:
    """The same as Atom, which says of each entry when it was changed, and not when it was published."""
    entries = "".join(
        f"<entry><title>Story {name}</title><id>{name}</id>"
        + (f"<updated>{date(name).isoformat()}</updated>" if date else "")
        + f"<content>All of story {name}.</content></entry>"
        for name in names
    )
    head = "<title>Example</title><id>x</id>"
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{head}{entries}</feed>"


def daily(name: str) -> datetime:
    """Each story a day after the one before it."""
    return DAY + timedelta(days=ord(name))


@pytest.fixture
def told(live) -> Callable[..., list[str]]:
    """Live through documents; what the archive then says: by which (from 1) what happened to whom."""

    def run(*documents: str) -> list[str]:
        archive = live()
        for document in documents:
            archive.replay(URL, document)
        return [
            f"{fetch_id} {kind} {title[-1]}"
            for fetch_id, kind, title in archive.rows(
                """
                SELECT events.fetch_id, kind, title FROM events JOIN entries ON entries.id = entry_id
                WHERE kind IN ('withdrawn', 'returned') ORDER BY events.id
                """
            )
        ]

    return run


@pytest.mark.parametrize("date", [None, lambda name: DAY], ids=["no dates", "one date for all"])
class TestWithoutAnOrderOfDates:
    def test_what_stood_above_something_that_still_stands_was_taken_down(self, told, date):
        documents = [rss(names, date=date) for names in ("fedc", "fdc", "fdc")]
        assert told(*documents) == ["3 withdrawn e"]

    def test_what_slid_in_while_another_was_away_rolls_off_when_that_one_is_back(self, told, date):
        documents = [rss(names, date=date) for names in ("fedc", "fdcb", "fdcb", "fedc", "fedc")]
        assert told(*documents) == ["3 withdrawn e", "4 returned e"]

    def test_so_it_is_if_something_new_came_as_well(self, told, date):
        documents = [rss(names, date=date) for names in ("fedc", "fdcb", "fdcb", "gfed", "gfed")]
        assert told(*documents) == ["3 withdrawn e", "4 returned e"]

    def test_so_it_is_if_the_one_that_is_back_had_only_been_missing(self, told, date):
        documents = [rss(names, date=date) for names in ("fedc", "fdcb", "fedc", "fedc")]
        assert told(*documents) == []

    def test_so_it_is_if_the_one_that_is_back_stands_at_the_end(self, told, date):
        """It may be older than what went, or newer: `b` came in at the old end."""
        documents = [rss(names, date=date) for names in ("fedc", "fedb", "fedc", "fedc")]
        assert told(*documents) == []

    def test_so_it_is_if_all_above_is_new_since(self, told, date):
        shown = ("dcb", "dba", "dba", "eda", "fea", "fec", "fec")
        documents = [rss(names, date=date) for names in shown]
        assert "withdrawn a" not in " ".join(told(*documents))

    def test_so_it_is_if_several_were_away(self, told, date):
        shown = ("fedc", "fdcb", "dcba", "edcb", "fedc", "fedc")
        documents = [rss(names, date=date) for names in shown]
        assert sorted(told(*documents)) == ["3 withdrawn e", "4 returned e", "4 withdrawn f", "5 returned f"]

    def test_what_rolled_off_and_is_pulled_back_shows_that_the_one_above_it_was_taken_down(self, told, date):
        documents = [rss(names, date=date) for names in ("fedc", "gfed", "gfec", "gfec")]
        assert told(*documents) == ["4 withdrawn d"]

    def test_so_does_one_that_was_met_before_it(self, told, date):
        documents = [rss(names, date=date) for names in ("cba", "dcb", "edc", "edb", "edb")]
        assert told(*documents) == ["5 withdrawn c"]


class TestDatesThatAreLost:
    def test_what_is_gone_when_only_dates_of_change_are_left_was_taken_down(self, told):
        after = atom("fecba", date=daily)
        assert told(rss("fedcba", date=daily), after, f"{after}\n", f"{after}\n\n") == ["4 withdrawn d"]

    def test_the_last_but_one_as_well(self, told):
        after = atom("fedca", date=daily)
        assert told(rss("fedcba", date=daily), after, f"{after}\n", f"{after}\n\n") == ["4 withdrawn b"]

    def test_what_rolled_off_meanwhile_was_not(self, told):
        after = atom("hgfe", date=daily)
        assert told(rss("fedc", date=daily), after, f"{after}\n", f"{after}\n\n") == []

    def test_nor_what_rolled_off_while_all_dates_were_lost(self, told):
        after = atom("hgfe")
        assert told(rss("fedc", date=daily), after, f"{after}\n", f"{after}\n\n") == []

    def test_what_had_the_only_date_is_judged_by_its_place(self, told):
        def dated(names: str) -> str:
            head = "<guid isPermaLink='false'>d<"
            return rss(names).replace(head, f"<pubDate>{format_datetime(DAY)}</pubDate>{head}")

        assert told(dated("fedc"), rss("fec"), rss("fec")) == ["3 withdrawn d"]
