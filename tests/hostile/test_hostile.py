"""Whatever a server does costs its own feed one attempt, bounded in time and memory; nobody else anything.

A test each for every misbehaviour; the rooms of `hostile_site` say what each is and what is right. They are
run together, beside ten healthy feeds, by the real service in a process of its own.
"""

import pytest

DEFECTS = {
    "judged_once": (("name_rebind",), "guard"),
    "redirects_unguarded": (("to_private_secret", "chain_to_private"), "guard"),
    "bombs_unbounded": (("bomb_gzip",), "bomb_gzip: memory grew"),
    "deadline_forgotten": (("drip_steady",), "drip_steady"),
    "silence_endured": (("silent",), "silent"),
    "torn_accepted": (("gzip_nocrc", "gzip_half_crc"), "gzip_nocrc: "),
    "lengths_believed": (("cl_long", "chunk_nofinal"), "cl_long: "),
    "heads_unbounded": (("manyheaders", "hugeheader"), "manyheaders: "),
    "secrets_forwarded": (("x_origin", "x_port"), "secrets: "),
    "documents_unhurried": (("deepxml_million",), "deepxml_million: "),
    "errors_leaked": (("name_refused",), "name_refused: the attempt was not written down"),
    "connections_kept": (("silent_redirect", "silent_after_all"), "left behind: "),
    "names_asked_in_the_loop": (("name_slow",), "healthy: "),
}
"""Each deliberately broken build, misbehaviours that find it, and what must be told."""

IN_EVERY_RUN = ("judged_once",)
RUNS = (
    "everyday",
    pytest.param("monsters", marks=pytest.mark.slow),
    pytest.param("giants", marks=pytest.mark.slow),
)


@pytest.mark.timeout(300)
def test_it_ends_as_it_should_in_time_within_its_memory_and_is_written_down(suite, scenario):
    assert suite.faults(scenario) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("run", RUNS)
def test_healthy_feeds_are_served_on_time_nobody_else_is_asked_and_nothing_is_left_behind(suite, run):
    assert suite.of_run(run) == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "defect",
    [pytest.param(name, marks=[] if name in IN_EVERY_RUN else [pytest.mark.slow]) for name in DEFECTS],
)
def test_a_deliberately_broken_build_turns_it_red(suite, defect):
    names, told = DEFECTS[defect]
    assert [fault for fault in suite.broken(defect, *names) if fault.startswith(told)]


def test_there_is_no_want_of_misbehaviours(catalogued):
    groups = [one.group for one in catalogued.values()]
    assert groups.count("documents") >= 80
    assert {"framing", "coding", "pace", "ways", "names", "status", "pages", "tls"} < set(groups)
