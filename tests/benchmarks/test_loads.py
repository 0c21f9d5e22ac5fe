"""The benchmark's programs hold together: tiny loads run from end to end. No figure is judged here."""

import asyncio
import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from benchmarks import asking, floor, million, polls, scheduled
from benchmarks.programs import Program, archiver
from benchmarks.results import Row, against_peer, bounded, skipped, table
from benchmarks.synthetic import Author
from benchmarks.website import ROOT, Website, address


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for seed in (1, 2):
        (folder / f"{seed}.xml").write_bytes(Author().document(seed, 4))
    return folder


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    assert isinstance(number, int)
    return number


def status(url: str, **headers: str) -> tuple[int, dict[str, str]]:
    request = urllib.request.Request(
        url, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, dict(error.headers)


class Nobody(Program):
    """A peer that asks for every feed and keeps nothing."""

    def follow(self, addresses: object) -> None:
        assert isinstance(addresses, tuple)
        (self.folder / "addresses").write_text(" ".join(addresses))

    def command(self) -> list[str]:
        code = "import sys; from urllib.request import urlopen as ask\n"
        code += "for url in open(sys.argv[1]).read().split(): ask(url).close()"
        return [sys.executable, "-c", code, str(self.folder / "addresses")]

    def kept(self) -> int:
        return 0


# ---------------------------------------------------------------- the server


def test_every_feed_has_a_loopback_host_of_its_own() -> None:
    hosts = {address(number, 80).split(":")[1] for number in range(100_000)}
    assert len(hosts) == 100_000
    assert all(host.startswith("//127.") for host in hosts)


def test_the_server_answers_304_to_its_own_validator_and_to_no_other(corpus: Path, port: int) -> None:
    with Website(corpus, count=3, port=port) as website:
        code, headers = status(website.addresses[2])
        assert code == 200
        assert status(website.addresses[2], If_None_Match=headers["ETag"])[0] == 304
        assert status(website.addresses[1], If_None_Match=headers["ETag"])[0] == 200
        website.show(poll=1)
        assert status(website.addresses[2], If_None_Match=headers["ETag"])[0] == 200
        assert website.seen().statuses == {200: 1}


@pytest.mark.parametrize("path", ["feed/3", "feed/", "feed/x", "favicon.ico", ""])
def test_what_the_server_does_not_have_it_answers_404_to_and_goes_on(
    corpus: Path, port: int, path: str
) -> None:
    with Website(corpus, count=3, port=port) as website:
        assert status(f"http://127.0.0.1:{port}/{path}")[0] == 404
        assert status(website.addresses[2])[0] == 200
        assert website.seen().statuses == {404: 1, 200: 1}


def test_without_validators_the_same_bytes_come_every_time(corpus: Path, port: int) -> None:
    with Website(corpus, count=1, port=port) as website:
        _, before = status(website.addresses[0])
        website.show(poll=0, validators=False)
        code, after = status(website.addresses[0], If_None_Match=before["ETag"])
        assert code == 200
        assert "ETag" not in after
        assert after["Content-Length"] == before["Content-Length"]


def test_the_ceiling_of_the_server_is_measured_by_a_client_that_does_nothing_else(
    corpus: Path, port: int
) -> None:
    with Website(corpus, count=2, port=port) as website:
        website.show(poll=0)
        assert website.ceiling(requests=40, at_a_time=4) > 0
        assert len(website.seen().times) == 40


def test_the_server_ends_with_the_benchmark(corpus: Path, port: int) -> None:
    with Website(corpus, count=1, port=port):
        pass
    with pytest.raises(ConnectionRefusedError):
        asyncio.run(asyncio.open_connection("127.0.0.1", port))


# ---------------------------------------------------------------- the loads


IN_EVERY_RUN = "first"
LOADS = [
    pytest.param(load, marks=[] if load.name.startswith(IN_EVERY_RUN) else pytest.mark.slow)
    for load in polls.loads(quick=True)
]


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.name.split()[0])
def test_a_load_gives_a_row_for_us_and_one_for_every_peer(
    load: polls.Load, corpus: Path, port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    peer = Nobody(name="reader", folder=tmp_path / "peer")
    rows = polls.measure(
        load,
        corpus,
        archiver(tmp_path),
        {"reader": peer, "newsboat": None},
        rounds=2,
        port=port,
        count=3,
        pause=0,
    )
    told = {row.what: row for row in rows}
    assert "whole process" in told
    assert told["times as quick as reader"].goal == str(load.goals["reader"])
    assert told["times as quick as newsboat"].detail == "not installed"
    said = capsys.readouterr().err
    assert "NOTE: archiver" not in said  # it was shown, and kept, what the load is about


@pytest.mark.slow
def test_what_reading_takes_at_least_is_measured_part_by_part(corpus: Path) -> None:
    rows = floor.measure("load", corpus, rounds=1)
    assert [row.what for row in rows] == ["  reading alone", "  reading, cleaning, recognising"]


@pytest.mark.slow
def test_the_scheduled_load_starts_the_service_and_sees_it_ask_for_what_is_due(
    port: int, tmp_path: Path
) -> None:
    rows = scheduled.measure(tmp_path, feeds=6, due=2, rounds=1, port=port)
    assert [row.what for row in rows].count("start to first request") == 3
    assert rows[0].what == "due ones picked"


@pytest.mark.slow
def test_a_large_archive_is_made_once_and_compared_with_an_empty_one(
    port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path / "cache"
    for number in range(2):
        scratch = tmp_path / str(number)
        scratch.mkdir()
        rows = million.measure(scratch, cache, entries=400, feeds=2, rounds=1, port=port, pause=0)
    assert [row.goal for row in rows] == ["≤ 1.3 times"] * 3
    said = capsys.readouterr().err
    assert said.count("made in") == 1
    assert "NOTE" not in said


@pytest.mark.slow
def test_a_large_archive_is_asked_and_its_pages_are_read(port: int, tmp_path: Path) -> None:
    rows = asking.measure(tmp_path, tmp_path / "cache", entries=400, each=1, port=port)
    assert [row.goal for row in rows if row.what.startswith("search, p95")] == ["≤ 50 ms", ""]
    assert [row.goal for row in rows[2:-1]] == ["≤ 100 ms"] * 11
    assert rows[-1].what == "memory of the server"


# ---------------------------------------------------------------- the table


def test_a_ratio_is_that_of_the_medians_and_the_verdict_follows_from_the_goal() -> None:
    row = against_peer("load", "peer", [1.0, 2.0, 9.0], [30.0, 20.0, 10.0], goal=10, feeds=5)
    assert (row.value, row.met) == ("10.00", True)
    assert against_peer("load", "peer", [1.0], [9.9], goal=10, feeds=5).met is False
    assert against_peer("load", "peer", [1.0], [9.9], goal=None, feeds=5).met is None


def test_a_bound_is_kept_or_not() -> None:
    assert bounded("load", "what", [1, 2, 3], "s", at_most=2).met is True
    assert bounded("load", "what", [1, 2, 3], "s", at_least=3).met is False


def test_the_table_shows_what_was_not_met_and_what_was_not_measured() -> None:
    rows: list[Row] = [bounded("load", "what", [3], "s", at_most=2), skipped("load", "peer", "not installed")]
    shown = table(rows)
    assert "NOT MET" in shown
    assert "not installed" in shown


def test_a_missing_corpus_is_said_and_is_no_failure(tmp_path: Path) -> None:
    told = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--corpus", tmp_path / "none", "--json", told, "unchanged"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "no feeds in" in done.stdout
    assert json.loads(told.read_text())["rows"][0]["met"] is None
