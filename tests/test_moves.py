"""Permanent redirects that stay, and all others."""

from datetime import timedelta

import pytest

from archiver import moves
from archiver.model import Hop, Moving, Response

FEED = "https://example.org/feed"


def answer(*hops, final="https://example.org/new"):
    redirects = tuple(Hop(url=url, status=status) for url, status in hops)
    return Response(request_url=FEED, final_url=final, status=200, redirects=redirects)


@pytest.mark.parametrize(
    ("hops", "target"),
    [
        ([(FEED, 301)], "https://example.org/new"),
        ([(FEED, 308), ("https://example.org/b", 301)], "https://example.org/new"),
        ([(FEED, 301), ("https://example.org/b", 302)], "https://example.org/b"),
        ([(FEED, 302), ("https://example.org/b", 301)], None),
        ([(FEED, 307)], None),
        ([], None),
    ],
)
def test_the_leading_permanent_part_of_a_chain_says_where_to(feed_row, noon, hops, target):
    found = moves.moving(feed_row(), answer(*hops), now=noon)
    assert (found.to if found else None) == target


def test_the_count_goes_on_for_one_target_and_begins_anew_for_another(feed_row, noon):
    feed = feed_row(moving=Moving(to="https://example.org/new", since=noon, answers=3))
    assert moves.moving(feed, answer((FEED, 301)), now=noon).answers == 4
    other = moves.moving(feed, answer((FEED, 301), final="https://example.org/x"), now=noon)
    assert (other.to, other.answers) == ("https://example.org/x", 1)


def test_no_feed_moves_to_an_address_that_holds_a_secret(feed_row, noon):
    for rest in ("feed?token=abc", "feed?token=…", "for/(withheld)/feed"):
        final = f"https://example.org/{rest}"
        assert moves.moving(feed_row(), answer((FEED, 301), final=final), now=noon) is None


@pytest.mark.parametrize(("answers", "days", "proven"), [(5, 7, True), (4, 30, False), (50, 6, False)])
def test_five_answers_over_a_week_prove_it(noon, answers, days, proven):
    found = Moving(to=FEED, since=noon - timedelta(days=days), answers=answers)
    assert moves.is_proven(found, now=noon) is proven


@pytest.mark.parametrize(
    ("given", "to", "address"),
    [
        ("http://me:pw@a.org/f", "https://a.org/g", "https://me:pw@a.org/g"),
        ("https://me:pw@a.org/f", "https://a.org/g", "https://me:pw@a.org/g"),
        ("https://me:pw@a.org/f", "https://b.org/g", "https://b.org/g"),
        ("https://me:pw@a.org/f", "http://a.org/g", "http://a.org/g"),
        ("https://me:pw@a.org/f", "https://a.org:8443/g", "https://a.org:8443/g"),
        ("https://a.org/f", "https://b.org/g", "https://b.org/g"),
    ],
)
def test_a_login_goes_along_to_the_same_host_only(feed_row, noon, given, to, address):
    found = Moving(to=to, since=noon, answers=5)
    assert moves.new_address(feed_row(current_url=given), found) == address
