"""Forty days of a scripted site: the archive's account agrees with the site's own ledger, line by line."""

import random

import pytest

SCRIPTS = {
    "edits, and one of them undone": {
        0: "publish a b c d",
        3: "edit b",
        5: "edit b, title c",
        9: "back b",
        10: "publish e",
        12: "back b, edit e",
        20: "edit a b c",
    },
    "taken down and put up again": {
        0: "publish a b c d e",
        2: "remove c",
        5: "remove e",
        7: "return c",
        8: "return e, edit e",
        9: "edit e, remove d",
        10: "return d",
        12: "remove a",
        15: "return a",
        20: "remove b, publish f",
        21: "publish g",
        30: "return b, title b",
    },
    "roll-offs, and a window that shrinks and grows": {
        0: "window 6, publish a b c d e f",
        2: "publish g",
        4: "publish h i",
        6: "window 3",
        9: "window 6",
        12: "remove g, publish j",
        15: "window 2",
        20: "window 9",
        25: "return g",
    },
    "posts that come into the window at its old end, and leave it there": {
        0: "window 4, publish a b c d e f",
        3: "remove e",
        8: "return e",
        11: "remove f",
        13: "remove e",
        16: "return f",
        18: "return e",
        21: "publish g",
        23: "remove g f",
        26: "return f g",
        30: "publish h i",
        33: "remove i",
        36: "return i",
    },
    "all posts bear one date, and some come into the window at its old end": {
        0: "same date, window 4, publish a b c d e f",
        3: "remove c",
        6: "return c",
        10: "remove e, publish g",
        14: "return e",
        20: "remove f",
        22: "publish h",
        25: "return f",
    },
    "single addresses, which are the ids, are corrected": {
        0: "links, window 6, publish a b c d e",
        3: "slug e",
        6: "slug b",
        10: "publish f, slug d",
        13: "publish g h",
        15: "slug e, remove d",
        18: "slug h",
        20: "return d",
        25: "edit e",
        26: "slug e",
    },
    "half documents, empty ones and outages between two answers": {
        0: "publish a b c d e f",
        3: "remove d",
        4: "half",
        6: "return d",
        8: "remove c",
        9: "down 500",
        10: "down refused",
        13: "return c",
        15: "remove e",
        16: "empty",
        17: "empty",
        20: "remove b",
        21: "down html, return b",
        24: "half, publish g, remove f",
        25: "empty",
        30: "return e",
    },
    "conditional requests": {
        0: "etag on, publish a b c d",
        3: "remove b",
        8: "return b",
        10: "remove c",
        11: "empty",
        12: "empty",
        16: "return c",
        20: "remove b, publish e",
        21: "half",
    },
    "a gap after an outage, and an outage without one": {
        0: "window 4, publish a b c d",
        3: "down 500",
        4: "down 500, publish e",
        5: "down 500",
        8: "down refused",
        9: "down refused, publish f g h i j",
        10: "down refused",
        11: "down refused",
        20: "publish k l m n",
    },
    "new ids, with news and an edit and half a document": {
        0: "publish a b c d e",
        3: "remint, publish f, edit b",
        6: "https",
        9: "remint, half",
        12: "remint, remove c",
        15: "return c",
        16: "swap a e",
        20: "house",
        25: "remint, title d",
    },
    "one id for all": {
        0: "publish a b c",
        3: "one id",
        5: "publish d",
        8: "edit b",
        10: "remove a",
        12: "own ids",
        15: "publish e, remove c",
    },
    "another format": {
        0: "publish a b c d e",
        4: "atom",
        8: "remove c",
        9: "rss",
        12: "publish f",
        15: "atom, remint, publish g",
        20: "remove b",
        25: "rss, house, edit e",
    },
    "a move": {
        0: "publish a b c",
        2: "redirect 302",
        12: "redirect 301",
        15: "redirect off",
        16: "redirect 308",
        18: "down 500",
        19: "empty",
        21: "publish d",
        30: "redirect off",
    },
    "another site's content, and back": {
        0: "publish a b c d e",
        4: "remove b",
        5: "hijack on",
        10: "publish f, edit c",
        12: "hijack off",
        20: "hijack on",
        21: "down html",
        22: "remove d",
        24: "hijack off, etag on",
        30: "hijack on",
        33: "hijack off",
    },
    "gone, and recovered": {
        0: "publish a b",
        5: "gone",
        6: "gone",
        7: "down 500",
        8: "gone",
        12: "publish c",
    },
    "a counter in every text": {
        0: "publish a b c, counter on",
        10: "edit b",
        15: "publish d",
        20: "remove a",
        25: "edit b, edit d",
        30: "counter off",
        36: "edit c",
    },
    "ids with a session's token": {
        0: "publish a b c d, tokens on",
        5: "edit b",
        8: "publish e",
        12: "remove b",
        15: "return b, title c",
        20: "edit e",
        30: "tokens off",
    },
}


@pytest.mark.parametrize(
    ("style", "dated"), [("long", True), ("short", False)], ids=["long and dated", "short and undated"]
)
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_the_account_agrees_with_the_ledger(play, script, style, dated):
    played = play(script, style=style, dated=dated)
    assert played.disagreements() == []
    assert played.account.fetches == 40
    assert played.account.feed[0] == "The Example Site"


def _random_script(seed: int) -> dict[int, str]:
    """Forty days of anything, within what a site can do.

    Nothing is edited while it is not shown: a post that was away when its site gave out new ids, and comes
    back under another title or text as well, is a new one to us.
    """
    dice = random.Random(seed)
    names = [f"{first}{second}" for first in "abcdefghij" for second in "xyz"]
    listed, down = names[:5], []
    fresh = iter(names[5:])
    script = {0: f"window {dice.choice((4, 6, 8, 20))}, publish {' '.join(listed)}"}
    if dice.random() < 0.5:
        script[0] += ", etag on"
    busy = 0
    for day in range(1, 40):
        actions = []
        for _ in range(dice.choice((0, 0, 1, 1, 2))):
            what = dice.choices(ACTIONS, weights=WEIGHTS)[0]
            if what == "publish" and len(listed) < 25:
                listed.append(next(fresh))
                actions.append(f"publish {listed[-1]}")
            elif what in ("edit", "title"):
                shown = [name for name in listed[-3:] if name not in down]
                actions += [f"{what} {dice.choice(shown)}"] if shown else []
            elif what == "remove" and len(down) < 3:
                name = dice.choice([name for name in listed[-6:] if name not in down] or listed)
                if name not in down:
                    down.append(name)
                    actions.append(f"remove {name}")
            elif what == "return" and down:
                actions.append(f"return {down.pop(dice.randrange(len(down)))}")
            elif what == "window":
                actions.append(f"window {dice.choice((3, 4, 6, 8, 20))}")
            elif what in ("half", "empty"):
                actions.append(what)
            elif what == "down":
                actions.append(f"down {dice.choice(('500', 'refused', 'html'))}")
            elif day > busy and what in ("remint", "house", "https", "atom", "rss"):
                busy = day + 2
                actions.append(what)
            elif day > busy and what == "hijack":
                busy = day + dice.randrange(2, 6)
                actions.append("hijack on")
                script[busy - 1] = "hijack off"
            elif day > busy and what == "redirect":
                busy = day + 10
                actions.append(f"redirect {dice.choice((301, 302, 308))}")
                script[busy - 1] = "redirect off"
        script[day] = ", ".join([*([script[day]] if day in script else []), *actions])
    return script


ACTIONS = (
    "publish",
    "edit",
    "title",
    "remove",
    "return",
    "window",
    "half",
    "empty",
    "down",
    "remint",
    "house",
    "https",
    "atom",
    "rss",
    "hijack",
    "redirect",
)
WEIGHTS = (20, 12, 4, 8, 8, 3, 4, 3, 6, 3, 2, 1, 2, 2, 3, 3)


@pytest.mark.parametrize("seed", range(10))
def test_the_account_of_a_random_script_agrees(play, seed):
    script = _random_script(seed)
    played = play(script, style="long" if seed % 2 else "short", dated=seed % 3 > 0)
    assert played.disagreements() == [], script


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 300))
def test_the_account_of_many_random_scripts_agrees(play, seed):
    script = _random_script(seed)
    played = play(script, style="long" if seed % 2 else "short", dated=seed % 3 > 0)
    assert played.disagreements() == [], script


def _small_window(seed: int) -> dict[int, str]:
    """A small window that posts leave and enter at both ends, and addresses that are corrected."""
    dice = random.Random(seed)
    names, down = [f"{letter}{number}" for number in range(3) for letter in "abcdefghij"], []
    script = {0: f"links, window {dice.choice((3, 4, 5))}, publish {' '.join(names[:7])}"}
    count = 7
    for day in range(1, 40):
        what = dice.choice(("publish", "remove", "remove", "return", "return", "slug", "", ""))
        if what == "publish" and count < 20:
            count += 1
            script[day] = f"publish {names[count - 1]}"
        elif what == "remove" and len(down) < 3:
            down.append(dice.choice([name for name in names[max(0, count - 6) : count] if name not in down]))
            script[day] = f"remove {down[-1]}"
        elif what == "return" and down:
            script[day] = f"return {down.pop(dice.randrange(len(down)))}"
        elif what == "slug":
            shown = [name for name in names[:count] if name not in down]
            script[day] = f"slug {dice.choice(shown[-2:])}"
    if seed % 3 == 0:
        script[0] = f"same date, {script[0]}"
    return script


@pytest.mark.parametrize(
    "seed", [*range(8), *(pytest.param(n, marks=pytest.mark.slow) for n in range(8, 200))]
)
def test_nothing_is_told_of_a_small_window_without_an_order_of_dates_that_did_not_happen(play, seed):
    """What cannot be known without dates may stay untold."""
    script = _small_window(seed)
    found = play(script, style="long" if seed % 2 else "short", dated=seed % 3 == 0).disagreements()
    assert [line for line in found if not line.startswith("not told")] == [], script


def _both_ways(play, script, **site):
    return [play(script, by_marks=by_marks, **site).account.tables for by_marks in (True, False)]


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_the_archive_is_the_same_if_every_document_is_read_whole(play, script):
    by_marks, whole = _both_ways(play, script)
    assert by_marks == whole


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 300))
def test_the_archive_of_many_random_scripts_is_the_same_if_every_document_is_read_whole(play, seed):
    script = _random_script(seed)
    by_marks, whole = _both_ways(play, script, style="long" if seed % 2 else "short", dated=seed % 3 > 0)
    assert by_marks == whole, script


def test_a_counter_in_every_text_is_counted_and_its_edits_are_kept(play):
    played = play(SCRIPTS["a counter in every text"])
    assert played.account.churning == 4
    assert "churn" in played.account.kinds
    edits = sum(map(len, played.ledger.versions.values()))
    assert len(played.account.revisions) <= 4 * 5 + edits + 4


def test_ids_with_a_sessions_token_leave_one_alias_an_entry_and_no_more(play):
    one, two = (play({0: "publish a b c, tokens on"}, days=days) for days in (12, 24))
    assert one.account.aliases == two.account.aliases
    assert "volatile_ids" in one.account.kinds


def test_a_move_is_adopted_after_a_week_and_both_addresses_are_kept(play, moved_to):
    assert play({0: "publish a b, redirect 301"}, days=8).account.feed[1] != moved_to
    assert play({0: "publish a b, redirect 301"}, days=9).account.feed[1] == moved_to
    assert play({0: "publish a b, redirect 307"}, days=20).account.feed[1] != moved_to


def test_another_sites_content_withdraws_nothing_and_leaves_the_feeds_title(play):
    account = play({0: "publish a b c", 3: "hijack on"}, days=20).account
    assert account.feed[0] == "The Example Site"
    assert account.feed[2] is not None
    assert account.kinds == {"suspect"}


def test_after_thirty_days_another_sites_content_is_the_feed(play):
    account = play({0: "publish a b c", 3: "hijack on"}, days=40).account
    assert (account.feed[0], account.feed[2]) == ("Lucky Casino", None)
    assert "withdrawn" not in account.kinds
