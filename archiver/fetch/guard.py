"""The guard: which addresses and ports may be asked. A pure table, so that it can be read and checked as one.

A feed's address comes from strangers, and so does every redirect. What they could reach through us and not by
themselves is refused: this machine, its network, the cloud's metadata service. What counts is the address to
which the name leads, not its spelling, so the judgement comes after resolution (OWASP ASVS 5.0, 1.3.6).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from archiver.config import FetchSettings
from archiver.errors import FetchError

Network = IPv4Network | IPv6Network

_V4_REFUSED = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this host, by a spelling that many systems take for loopback
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by a provider's customers; some clouds' metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's metadata under an address that looks public
        "169.254.0.0/16",  # link-local; most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
"""IANA's registry of special-purpose addresses (RFC 6890), and what experience adds to it."""

_V4_RANGES = tuple((int(network[0]), int(network[-1])) for network in _V4_REFUSED)

_V6_GLOBAL = IPv6Network("2000::/3")
_V6_REFUSED = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments; Teredo, which wraps an IPv4 address
        "2001:db8::/32",
        "2002::/16",  # 6to4, which wraps one too
        "3fff::/20",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")

REFUSED_PORTS = frozenset(
    {
        1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
        102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389,
        427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636,
        989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665,
        6666, 6667, 6668, 6669, 6679, 6697, 10080, 3306, 5432, 6379, 9200, 11211, 27017,
    }
)  # fmt: skip
"""Ports of other protocols: the "bad ports" of the Fetch standard, and databases that answer to anybody."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public internet, whatever it is wrapped in."""
    address = _unwrapped(address)
    if isinstance(address, IPv4Address):
        number = int(address)
        return not any(first <= number <= last for first, last in _V4_RANGES)
    return address in _V6_GLOBAL and not any(address in network for network in _V6_REFUSED)


_METADATA = (
    IPv4Network("169.254.0.0/16"),
    IPv4Network("168.63.129.16/32"),
    IPv4Network("100.100.100.200/32"),
    IPv6Network("fe80::/10"),
    IPv6Network("fd00:ec2::254/128"),
)
"""Where clouds tell a machine its own secrets: no feed lies there, whatever else private is let through."""


def is_metadata(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is link-local, or one of a cloud's for its own machines, however wrapped."""
    address = _unwrapped(address)
    return any(address in network for network in _METADATA)


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one only wraps (RFC 4291, 2.5.5.2; RFC 6052), or itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address


address_of = lru_cache(maxsize=4096)(ip_address)
"""An address of its text, which is dear, and asked for twice where a host is an address itself."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges the addresses that a name leads to."""

    allow_private: bool = False
    networks: tuple[Network, ...] = ()
    """Let through all the same …"""
    hosts: frozenset[str] = frozenset()
    """… and so is whatever these names lead to."""

    @classmethod
    def of(cls, settings: FetchSettings) -> "Guard":
        """Return the guard that the configuration wants."""
        networks, hosts = [], set[str]()
        for text in settings.allowed_networks:
            try:
                networks.append(ip_network(text))
            except ValueError:
                hosts.add(text)
        return cls(settings.allow_private_networks, tuple(networks), frozenset(hosts))

    def judge(self, host: str, port: int, addresses: Sequence[str]) -> None:
        """Raise FetchError `blocked_address` unless every one of the addresses may be asked."""
        if port in REFUSED_PORTS:
            raise FetchError(
                "blocked_address", f"port {port} of {host} belongs to another protocol than the web's"
            )
        if host.lower().removesuffix(".") in self.hosts:
            return
        for text in addresses:
            address = address_of(text)
            if not self._allows(address):
                where = f"{host} is" if text == host.strip("[]") else f"{host} leads to {text},"
                raise FetchError(
                    "blocked_address",
                    f"{where} not a public address; if it is meant, add it to fetch.allowed_networks",
                )

    def _allows(self, address: IPv4Address | IPv6Address) -> bool:
        if not is_metadata(address) if self.allow_private else is_public(address):
            return True
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self.networks)
