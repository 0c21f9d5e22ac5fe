"""Ordinary feeds that go on meanwhile: each answer has a new item, so that each has to be read."""

from hostile_site.connection import Connection
from hostile_site.scenario import WHOLE, Query, played
from hostile_site.story import feed, item


@played("healthy", entries=WHOLE)
def healthy(connection: Connection, _: Query) -> None:
    connection.answer(feed(items=item(f"tag:hostile.example,2026:{10 + connection.times % 18}")).encode())
