"""A resolver of our own: names of this site are on loopback, but for those that misbehave."""

import socket
import threading
from collections.abc import Sequence

from hostile_site.ways import SECRET


class Names:
    """Looks up in place of the system, and counts."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = {}
        self.over = threading.Event()

    def look_up(self, host: str) -> Sequence[str]:
        """Addresses of a name; sleeps, lies and fails as the name says."""
        host = host.lower().rstrip(".")
        times = self.asked[host] = self.asked.get(host, 0) + 1
        name = host.removesuffix(".test").replace("-", "_")
        if name.startswith("name_slow"):
            self.over.wait(8)
        if name in ("name_dead", "name_hiccup"):
            code = socket.EAI_AGAIN if name == "name_hiccup" else socket.EAI_NONAME
            raise socket.gaierror(code, "no")
        if name == "name_broken":
            raise OSError("the name server is on fire")
        if name.startswith("name_rebind"):
            return ["127.0.0.1"] if times == 1 else [SECRET]
        if name in ADDRESSES:
            return ADDRESSES[name]
        if host.endswith(".test"):
            return ["127.0.0.1"]
        found = socket.getaddrinfo(
            host.encode("ascii"), None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
        return [str(place[4][0]).partition("%")[0] for place in found]


ADDRESSES = {
    "name_mixed": ["127.0.0.1", "10.0.0.1"],
    "name_mixed_last": ["127.0.0.1"] * 50 + ["127.0.0.1", SECRET],
    "name_private": [SECRET],
    "private_name": [SECRET],
    "name_nat64": ["64:ff9b::7f09:909"],
    "name_mapped": [f"::ffff:{SECRET}"],
    "name_v6": ["::1"],
    "name_zone": ["fe80::1%lo"],
    "name_empty": [],
    "name_nonsense": ["not an address"],
    "name_refused": ["127.0.0.200", "127.0.0.201"],
    "name_first_dead": ["127.0.0.200", "127.0.0.1"],
    "name_thousand": [f"127.0.0.{1 if n % 250 == 0 else 200}" for n in range(1000)],
}
