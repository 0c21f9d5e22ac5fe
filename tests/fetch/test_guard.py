"""Where nobody is let: addresses, their wrappings and spellings, names that lead there, and ports."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.config import FetchSettings
from archiver.errors import FetchError
from archiver.fetch.guard import REFUSED_PORTS, Guard, is_public
from archiver.fetch.resolve import system_look_up

REFUSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8",
    "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::",
    "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254",
    "fe80::1", "fec0::1", "ff02::1",
]  # fmt: skip

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
    "192.0.1.1", "192.169.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2001:4860:4860::8888",
    "2606:2800:220:1:248:1893:25c8:1946", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::808:808",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_not_of_the_public_internet_is_refused(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_of_the_public_internet_is_let_through(address):
    assert is_public(ip_address(address))


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_no_wrapping_makes_an_address_public(address):
    number = int(address)
    mapped, nat64 = IPv6Address(0xFFFF << 32 | number), IPv6Address(0x64FF9B << 96 | number)
    assert is_public(mapped) is is_public(nat64) is is_public(address)
    assert not is_public(IPv6Address(0x2002 << 112 | number << 80))


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_what_python_knows_to_be_private_is_refused(address):
    assert not (is_public(address) and (address.is_private or address.is_reserved or address.is_multicast))


def judged(addresses: tuple[str, ...], *, host: str = "feeds.example", port: int = 443, **settings) -> str:
    try:
        Guard.of(FetchSettings(**settings)).judge(host, port, addresses)
    except FetchError as error:
        return str(error) if error.kind == "blocked_address" else repr(error)
    return ""


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "0", "0x7f.1", "localhost"]
)
def test_no_spelling_of_a_number_leads_around_the_guard(host):
    assert "not a public address" in judged(tuple(system_look_up(host)), host=host)


def test_one_private_address_among_public_ones_blocks_the_name():
    assert judged(("93.184.216.34",)) == ""
    sentence = judged(("93.184.216.34", "10.0.0.1"))
    assert sentence.startswith("feeds.example leads to 10.0.0.1, not a public address;")
    assert "fetch.allowed_networks" in sentence


@pytest.mark.parametrize(
    ("allowed", "let_through"),
    [
        ("192.168.1.0/24", True),
        ("192.168.1.7", True),
        ("feeds.example", True),
        ("192.168.2.0/24", False),
        ("other.example", False),
        ("::/0", False),
    ],
)
def test_the_allow_list_names_networks_addresses_and_hosts(allowed, let_through):
    found = judged(("192.168.1.7", "::ffff:192.168.1.7"), allowed_networks=(allowed,))
    assert (found == "") is let_through


def test_all_private_addresses_can_be_let_through():
    assert judged(("127.0.0.1", "fd00::1"), allow_private_networks=True) == ""


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "168.63.129.16",
        "fd00:ec2::254",
        "fe80::1",
    ],
)
def test_where_a_cloud_tells_a_machine_its_secrets_is_let_through_by_name_only(address):
    assert "not a public address" in judged((address,), allow_private_networks=True)
    named = ("169.254.0.0/16", "168.63.129.16", "64:ff9b::/96", "fd00:ec2::254", "fe80::/10")
    assert judged((address,), allow_private_networks=True, allowed_networks=named) == ""


@pytest.mark.parametrize("port", [22, 25, 6000, 6379, 11211, 27017])
def test_ports_of_other_protocols_are_refused_even_where_the_address_is_allowed(port):
    assert port in REFUSED_PORTS
    assert f"port {port} " in judged(("127.0.0.1",), port=port, allow_private_networks=True)
