"""What the evidence of a run says against the archiver: nothing, if all is well. Pure."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from hostile_site.harness import CANARY, Evidence
from hostile_site.scenario import Scenario
from hostile_site.story import ALL, text
from hostile_site.ways import SECRET

GRACE_SECONDS = 1.0
GROWTH_KIB = 80 * 1024
HEALTHY_LATE_SECONDS = 5.0
"""A tick of the scheduler, as it is by default."""
BUSY_SECONDS = 0.3
"""Of computing at a stretch; nobody else is served meanwhile."""


def of_scenario(evidence: Evidence, scenario: Scenario) -> list[str]:
    """What went wrong with one misbehaviour."""
    found = evidence.report.get("found", {}).get(scenario.name)
    if not found or not found["fetches"]:
        return ["the attempt was not written down"]
    faults = [*_outcome(scenario, found), *_time(evidence, scenario, found)]
    if not found["next_at"]:
        faults.append("there is no next time")
    if scenario.torn and found["validators"]:
        faults.append("it came in part, and yet its validators are used")
    if len(found["fetches"]) < scenario.polls:
        faults.append("it was not asked again")
    if (grown := evidence.report["scenarios"][scenario.name].get("grown", 0)) > GROWTH_KIB:
        faults.append(f"memory grew by {grown // 1024} MiB")
    return faults


def _outcome(scenario: Scenario, found: dict[str, Any]) -> Iterator[str]:
    last, entries = found["fetches"][-1], found["entries"]
    if last["kind"] is not None:
        if last["kind"] not in scenario.kinds:
            yield f"it ended as {last['kind']} ({last['error']}), not {sorted(scenario.kinds) or 'well'}"
    elif scenario.entries is None:
        yield f"it was taken for a feed, not {sorted(scenario.kinds)}"
    else:
        if missing := scenario.entries - set(entries):
            yield f"not archived: {sorted(missing)}"
        if strange := set(entries) - scenario.entries - scenario.may:
            yield f"archived, though it did not come whole: {sorted(strange)}"
    for guid in ALL & set(entries):
        if entries[guid] != text(guid):
            yield f"the text of {guid} is {entries[guid][-60:]!r}"


def _time(evidence: Evidence, scenario: Scenario, found: dict[str, Any]) -> Iterator[str]:
    limits = evidence.limits
    slowest = max(fetch["ms"] for fetch in found["fetches"]) / 1000
    if slowest > limits.total_seconds + GRACE_SECONDS:
        yield f"the fetch took {slowest:.1f} seconds"
    whole = evidence.report["seconds"].get(scenario.name, 0.0)
    # Its document may have waited for a worker that was busy with another for so long.
    if whole > limits.total_seconds + 2 * (limits.worker_seconds + GRACE_SECONDS):
        yield f"the update took {whole:.1f} seconds"


def of_run(evidence: Evidence) -> list[str]:
    """What went wrong beside the misbehaviours themselves."""
    return [
        *_process(evidence),
        *_left(evidence),
        *_healthy(evidence),
        *_requests(evidence),
    ]


def _process(evidence: Evidence) -> Iterator[str]:
    if evidence.status != 0 or not evidence.report:
        yield f"process: it ended with {evidence.status}: {evidence.told[-1500:]}"
    if "Traceback" in evidence.told:
        yield f"process: a traceback: {evidence.told[evidence.told.index('Traceback') :][:1500]}"
    if evidence.has_secret or CANARY in evidence.told:
        yield "secrets: one is in the archive, or in the log"
    if (busy := evidence.report.get("busy", 0.0)) > BUSY_SECONDS:
        yield f"loop: nobody was served during {busy:.2f} seconds of computing"


def _left(evidence: Evidence) -> Iterator[str]:
    left = evidence.report.get("left", {})
    if any(left.get(what) for what in ("descriptors", "tasks", "threads", "processes")):
        yield f"left behind: {left}"
    if evidence.orphans:
        yield f"left behind: processes {evidence.orphans}"


def _healthy(evidence: Evidence) -> Iterator[str]:
    """Healthy feeds are asked every second or two, whatever else goes on."""
    began, ended = evidence.report.get("began", 0.0), evidence.report.get("ended", 0.0)
    asked: dict[str, list[float]] = {}
    for line in evidence.healthy:
        asked.setdefault(line["reached"], []).append(line["at"])
    for address, times in asked.items():
        during = [began, *(at for at in times if began < at < ended), ended]
        late = max(later - earlier for earlier, later in pairwise(during))
        if late > HEALTHY_LATE_SECONDS:
            yield f"healthy: {address} was left alone for {late:.1f} seconds"


def _requests(evidence: Evidence) -> Iterator[str]:
    """What the servers saw: who was asked, and what was said."""
    homes = {_netloc(one.address(evidence.ports)) for one in evidence.scenarios}
    for line in evidence.log:
        headers = {name.lower(): value for name, value in line["headers"]}
        if line["reached"] in (SECRET, "::1"):
            yield f"guard: {line['target'][:100]} was asked at {line['reached']}"
        said = " ".join(headers.values())
        if CANARY in said and headers.get("host", "").lower() not in homes:
            yield f"secrets: {headers.get('host')} was told what was meant for another"
        if "canary-cookie" in headers.get("cookie", ""):
            yield f"cookies: {headers['host']} got back what nobody wanted"
    storm = sum(line["name"] == "storm" for line in evidence.log)
    if storm > 2:
        yield f"manners: a server that refuses was asked {storm} times"


def _netloc(url: str) -> str:
    """The host and port of an address, as `Host` has them."""
    host, _, port = urlsplit(url).netloc.rpartition("@")[2].lower().rpartition(":")
    try:
        return f"{host.encode('idna').decode()}:{port}" if not host.isascii() else f"{host}:{port}"
    except UnicodeError:
        return ""
