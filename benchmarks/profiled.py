"""Where our own time goes: `python -m benchmarks.profiled [unchanged|same|new|first] [--feeds N]`.

Runs one `archiver fetch` of a load under cProfile, each thread by itself (the loop, and the one that writes),
then `prepare`, which otherwise works in processes of its own, over the same documents. Seconds are of
processor time: neither other work on the machine nor waiting is in them. cProfile makes small functions look
dearer than they are: it tells where to look, not how long it takes.
"""

import argparse
import cProfile
import pickle
import pstats
import runpy
import shutil
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from archiver.errors import ParseError
from archiver.model import ParseOptions
from archiver.prepare import prepare
from benchmarks import feeds, polls
from benchmarks.__main__ import CACHE, LOADS
from benchmarks.programs import Archiver, archiver
from benchmarks.website import PAUSE, ROOT, Website

_CHILD = "--in-the-child"
_WAITS = ("select.", "acquire", "poll", "sleep", "posix.read", "posix.write", "SimpleQueue", "recv")


def main() -> None:
    """Profile one load."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiled", description=__doc__)
    parser.add_argument("load", nargs="?", choices=LOADS[:4], default="new")
    parser.add_argument("--feeds", type=int, default=87)
    parser.add_argument("--corpus", type=Path, default=ROOT.parent / "shared" / "corpus", metavar="FOLDER")
    parser.add_argument("--port", type=int, default=18478)
    parser.add_argument("--lines", type=int, default=25)
    chosen = parser.parse_args()
    load = dict(zip(LOADS, polls.loads(quick=False), strict=False))[chosen.load]
    CACHE.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="profile-", dir=CACHE))
    try:
        us = archiver(scratch)
        with Website(chosen.corpus, count=chosen.feeds, port=chosen.port, first=load.entries) as website:
            us.begin(website.addresses)
            if not load.first:
                us.update()
                website.show(poll=0, validators=load.validators)
                us.update()
                time.sleep(PAUSE)
                website.show(poll=int(load.grows), validators=load.validators)
                print(f"without a profile: {us.update():.2f} s, next poll with one", flush=True)
                time.sleep(PAUSE)
                website.show(poll=2 * load.grows, validators=load.validators)
            _profile(us, scratch, chosen.lines)
            print(f"the server saw {website.seen().steady_rate or 0:.0f} requests a second under the profile")
        if chosen.load in ("new", "first"):
            _profile_prepare(chosen.corpus, chosen.lines)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _profile(us: Archiver, scratch: Path, lines: int) -> None:
    command = us.command()
    place = command.index("-m")
    taken = us.run(
        [*command[:place], "-m", "benchmarks.profiled", _CHILD, str(scratch), *command[place + 2 :]]
    )
    print(f"archiver fetch: {taken:.2f} s under the profile")
    for path in sorted(scratch.glob("*.profile")):
        _tell(path.stem, pstats.Stats(str(path)), lines)


def _profile_prepare(corpus: Path, lines: int) -> None:
    """What a worker does with the documents, and what comes and goes between it and us."""
    documents = [bytes(document.grown(1)) for document in feeds.read(corpus)]
    start, prepared = time.process_time(), []
    for document in documents:
        try:
            prepared.append(prepare(document, ParseOptions()))
        except ParseError as error:
            print(f"not understood: {error}")
    taken = time.process_time() - start
    start = time.process_time()
    packed = [pickle.dumps(one) for one in prepared]
    entries = sum(len(one.entries) for one in prepared)
    for one in packed:
        pickle.loads(one)
    print(
        f"\n== prepare: {len(documents)} documents with {entries} entries in {taken:.2f} s,"
        f" {len(documents) / taken:.0f} a second; {sum(map(len, packed)) / 1e6:.1f} MB pickled and back in"
        f" {time.process_time() - start:.2f} s"
    )
    profile = cProfile.Profile(time.process_time)
    for document in documents:
        try:
            profile.runcall(prepare, document, ParseOptions())
        except ParseError:
            continue
    _tell("prepare", pstats.Stats(profile), lines)


def _tell(name: str, stats: pstats.Stats, lines: int) -> None:
    print(f"\n== {name}")
    rooms: dict[str, float] = defaultdict(float)
    for (file, _, function), (_, _, own, _, _) in stats.stats.items():  # type: ignore[attr-defined]
        rooms[_room(file, function)] += own
    whole = sum(rooms.values())
    for room, own in sorted(rooms.items(), key=lambda item: -item[1])[:14]:
        print(f"  {own:8.3f} s {100 * own / whole:5.1f} %  {room}")
    stats.sort_stats("cumulative").print_stats(r"archiver/|execute|commit", lines)
    stats.sort_stats("tottime").print_stats(lines)


def _room(file: str, function: str) -> str:
    parts = Path(file).parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    if "archiver" in parts:
        return "archiver/" + "/".join(parts[parts.index("archiver") + 1 :])
    if file == "~":
        waits = any(word in function for word in _WAITS)
        return "waiting" if waits else "C: " + ("sqlite3" if "sqlite3" in function else "other")
    return "Python's own"


def _child(folder: Path, arguments: list[str]) -> None:
    """Run the archiver with every thread under a profile of its own."""
    profiles: dict[str, cProfile.Profile] = {}

    def begin(*_: object) -> None:
        profile = profiles[threading.current_thread().name] = cProfile.Profile(time.thread_time)
        profile.enable()

    hook: Callable[..., None] = begin
    threading.setprofile(hook)
    sys.argv = ["archiver", *arguments]
    begin()
    try:
        runpy.run_module("archiver", run_name="__main__")
    finally:
        for name, profile in profiles.items():
            profile.create_stats()
            profile.dump_stats(folder / f"{name}.profile")


if __name__ == "__main__":
    if sys.argv[1:2] == [_CHILD]:
        _child(Path(sys.argv[2]), sys.argv[3:])
    else:
        main()
