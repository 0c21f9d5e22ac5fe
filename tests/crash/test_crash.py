"""Killed at any moment and started again, the archive holds all that the site ever said, once.

The rehearsals run the real program against a site that changes under it. The long one is marked slow.
"""

import pytest

DEFECTS = {
    "validators_first": ("I5", "I11"),
    "entry_by_entry": ("I3", "I8"),
    "update_in_place": ("I6",),
    "fetch_row_apart": ("I8",),
    "torn_entry_kept": ("P2",),
    "index_forgotten": ("I1",),
    "migrations_torn": ("I1",),
    "patience_forgotten": ("I11",),
    "secrets_logged": ("I12",),
}
"""Each deliberately broken build, and the invariants that must tell."""


def test_killed_at_failpoints_and_at_random_nothing_is_lost_doubled_or_half_written(rehearsal, lost):
    service = rehearsal(seed=1)
    service.kill_at("mid_migration_statement", 20)
    service.kill_at("before_commit", 6)
    service.kill_at("after_commit_before_ack", 4)
    service.kill_at_random()
    service.converge()
    assert service.found == []
    assert service.kills_at_failpoints == 3
    assert lost(service.archive, service.site) == []


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_killed_more_than_a_hundred_times_half_of_them_at_failpoints(rehearsal, places, lost):
    kills = at_failpoints = 0
    for seed in (100, 101, 102):
        service = rehearsal(seed=seed)
        chance = service.chance
        service.kill_at("mid_migration_statement", chance.randrange(1, 40))
        service.kill_at("mid_migration_statement", chance.randrange(1, 40))
        for place in places:
            service.kill_at(place, chance.randrange(1, 20))
            service.kill_at_random()
            assert service.found == []
        service.kill_workers()
        service.fill_disk_at("write", chance.randrange(1, 200))
        service.beside(
            ("status",),
            ("search", "amber"),
            ("feeds", "pause", "feed-1"),
            ("feeds", "resume", "feed-1"),
            ("backup", "backup.db"),
            ("--archive", "backup.db", "verify"),
        )
        while service.kills < 35 or 2 * service.kills_at_failpoints < service.kills:
            service.kill_at(chance.choice(places), chance.randrange(1, 20))
        service.converge()
        service.finish("verify")
        assert service.found == []
        assert lost(service.archive, service.site) == []
        kills += service.kills
        at_failpoints += service.kills_at_failpoints
    assert kills >= 100
    assert 2 * at_failpoints >= kills


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_while_it_rebuilds_the_archive_is_the_old_one_or_the_new_one(rehearsal, lost):
    service = rehearsal(seed=4)
    for passing in (12, 30, 60):
        service.kill_at("after_entry", passing)
    service.kill_at_random()
    for place in ("after_copy", "before_replace", "after_replace"):
        service.kill_command(place, "rebuild", "--yes")
    service.finish("rebuild", "--yes")
    service.converge()
    assert service.found == []
    assert lost(service.archive, service.site) == []


def until_red(service, defect: str, *, most_kills: int) -> list[str]:
    """Kill a broken build until an invariant tells; return what was found."""
    expected = DEFECTS[defect]
    service.kill_at("mid_migration_statement", 9)
    while not any(told in one for one in service.found for told in expected) and service.kills < most_kills:
        service.kill_at(
            service.chance.choice(("after_entry", "before_commit", "after_body", "after_commit_before_ack")),
            service.chance.randrange(2, 20),
        )
        # A defect that no longer meets the code fails in itself, and would be waited for in vain.
        assert not [one for one in service.found if "broken()" in one]
    return [one for one in service.found if any(told in one for told in expected)]


@pytest.mark.slow
def test_a_build_that_commits_validators_before_entries_turns_it_red(rehearsal):
    assert until_red(rehearsal(seed=2, defect="validators_first"), "validators_first", most_kills=12)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("defect", [name for name in DEFECTS if name != "validators_first"])
def test_any_other_broken_build_turns_it_red(rehearsal, defect):
    assert until_red(rehearsal(seed=3, defect=defect), defect, most_kills=40)
