"""The sections of the configuration, but for the feeds: which keys they have, and what is wrong together."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from archiver.config.nodes import Node, section
from archiver.config.settings import (
    ENCRYPTIONS,
    BackupSettings,
    DigestSettings,
    FetchSettings,
    MailSettings,
    MonitorSettings,
    ScheduleSettings,
    ServeSettings,
)
from archiver.values import quoted, read_address, read_network

_MAIL_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]]{1,64}@[^@\s<>,;:\"()]{1,255}")
_SERVER = re.compile(r"[A-Za-z0-9.:_-]{1,255}")

FETCH_KEYS: Mapping[str, tuple[str, Callable[[Node], Any]]] = {
    "contact": ("contact", Node.header_text),
    "user_agent": ("user_agent", Node.header_text),
    "connect_timeout": ("connect_timeout", Node.duration),
    "read_timeout": ("read_timeout", Node.duration),
    "total_timeout": ("total_timeout", Node.duration),
    "max_body": ("max_body_bytes", Node.size),
    "max_redirects": ("max_redirects", lambda node: node.whole_number(0, 50)),
    "concurrency": ("concurrency", lambda node: node.whole_number(1, 1000)),
    "per_host_spacing": ("per_host_spacing", Node.pause),
    "requests_per_second": ("requests_per_second", lambda node: node.whole_number(1, 100_000)),
    "second_user_agent": ("second_user_agent", Node.header_text),
    "allow_private_networks": ("allow_private_networks", Node.yes_or_no),
    "allowed_networks": (
        "allowed_networks",
        lambda node: tuple(item.read(read_network) for item in node.items()),
    ),
}
"""The keys of the file, with the setting that each fills and how its value is read."""

SCHEDULE_KEYS: Mapping[str, tuple[str, Callable[[Node], Any]]] = {
    "interval": ("interval_seconds", Node.duration),
    "min_interval": ("min_interval_seconds", Node.duration),
    "max_interval": ("max_interval_seconds", Node.duration),
    "tick": ("tick_seconds", Node.duration),
}


def fetch(node: Node | None) -> FetchSettings:
    """The section `fetch`."""
    return FetchSettings(**section(node, FETCH_KEYS))


def schedule(node: Node | None) -> ScheduleSettings:
    """The section `schedule`."""
    settings = ScheduleSettings(**section(node, SCHEDULE_KEYS))
    if node and settings.min_interval_seconds > settings.interval_seconds:
        raise node.wrong("min_interval is longer than interval; lower min_interval or raise interval")
    if node and settings.max_interval_seconds < settings.interval_seconds:
        raise node.wrong("max_interval is shorter than interval; raise max_interval or lower interval")
    return settings


def backup(node: Node | None, *, folder: Path) -> BackupSettings:
    """The section `backup`; its folder is relative to the file's."""
    keys = node.mapping("folder", "every", "keep") if node else {}
    values: dict[str, Any] = {}
    if "folder" in keys:
        values["folder"] = folder / os.path.expanduser(keys["folder"].text())  # noqa: PTH111
        if values["folder"].exists() and not values["folder"].is_dir():
            raise keys["folder"].wrong(f"{values['folder']} is a file; name a folder")
    if "every" in keys:
        values["every_seconds"] = keys["every"].duration()
    if "keep" in keys:
        values["keep"] = keys["keep"].whole_number(1, 10_000)
    return BackupSettings(**values)


def digest(node: Node | None) -> DigestSettings:
    """The section `digest`."""
    keys = node.mapping("every", "webhook", "mail") if node else {}
    values: dict[str, Any] = {}
    if "every" in keys:
        values["every_seconds"] = keys["every"].duration()
    if "webhook" in keys:
        values["webhook"] = _webhook(keys["webhook"])
    if "mail" in keys:
        values["mail"] = _mail(keys["mail"])
    return DigestSettings(**values)


def _webhook(node: Node) -> str:
    address = node.with_variables()
    try:
        is_web = read_address(address, folder=Path()).startswith(("http:", "https:"))
    except ValueError:
        is_web = False  # its own sentence could tell what came from the environment
    if not is_web:
        raise node.wrong("is not a web address; write one like https://example.org/hook")
    return address


MAIL_KEYS = ("to", "from", "server", "port", "encryption", "user", "password")


def _mail(node: Node) -> MailSettings:
    keys = node.mapping(*MAIL_KEYS)
    for key in ("to", "from", "server"):
        if key not in keys:
            raise node.wrong(f"has no {key}; a mail needs one")
    port = keys["port"].whole_number(1, 65535) if "port" in keys else None
    encryption = keys["encryption"].one_of(*ENCRYPTIONS) if "encryption" in keys else None
    if encryption is None:
        encryption = "tls" if port == 465 else "starttls"
    server = keys["server"].text()
    if not _SERVER.fullmatch(server):
        raise keys["server"].wrong(f"{quoted(server)} is not the name of a server")
    user, password = (keys[key].with_variables() if key in keys else None for key in ("user", "password"))
    if (user is None) != (password is None):
        raise node.wrong("needs both user and password, or neither")
    if password is not None and encryption == "none" and not _is_loopback(server):
        raise keys["encryption"].wrong("none would send the password readable for all; write starttls or tls")
    to = keys["to"]
    return MailSettings(
        server=server,
        port=port or {"tls": 465, "starttls": 587, "none": 25}[encryption],
        encryption=encryption,
        sender=_mail_address(keys["from"]),
        to=tuple(_mail_address(one) for one in (to.items() if to.is_list else [to])),
        user=user,
        password=password,
    )


def _mail_address(node: Node) -> str:
    if not _MAIL_ADDRESS.fullmatch(address := node.text()):
        raise node.wrong(f"{quoted(address)} is not a mail address; write one like name@example.org")
    return address


def monitor(node: Node | None) -> MonitorSettings:
    """The section `monitor`. What is told there is for this machine, unless somebody says otherwise."""
    keys = node.mapping("port", "host", "public") if node else {}
    values: dict[str, Any] = {}
    if "port" in keys:
        values["port"] = keys["port"].whole_number(1, 65535)
    if "host" in keys:
        host = keys["host"].text()
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise keys["host"].wrong(f"{quoted(host)} is not an IP address; write 127.0.0.1 or ::1") from None
        if not _is_loopback(host) and not ("public" in keys and keys["public"].yes_or_no()):
            raise keys["host"].wrong(
                "is reachable from other machines; write `public: yes` beside it, if that is meant"
            )
        values["host"] = host
    return MonitorSettings(**values)


LEAST_TOKEN = 16
"""How long a token of the pages must be, since anybody who can reach them may try some."""


def serve(node: Node | None) -> ServeSettings:
    """The section `serve`: yes, no, or more to say; who says more wants it, unless `run: no` stands there."""
    if node is None or node.is_empty:
        return ServeSettings()
    if node.is_single:
        return ServeSettings(with_run=node.yes_or_no())
    keys = node.mapping("run", "host", "port", "token")
    values: dict[str, Any] = {"with_run": keys["run"].yes_or_no() if "run" in keys else True}
    if "port" in keys:
        values["port"] = keys["port"].whole_number(0, 65535)
    if "token" in keys:
        values["token"] = keys["token"].with_variables()
        if problem := token_problem(values["token"]):
            raise keys["token"].wrong(problem)
    if "host" in keys:
        values["host"] = keys["host"].text()
        if problem := host_problem(values["host"], token=values.get("token")):
            raise keys["host"].wrong(problem)
    return ServeSettings(**values)


def token_problem(token: str) -> str | None:
    """What is wrong with a token of the pages; None if nothing is."""
    if len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        return (
            f"a token has {LEAST_TOKEN} plain characters at least; `openssl rand -hex 16` prints a good one"
        )
    return None


def host_problem(host: str, *, token: str | None) -> str | None:
    """Why the pages may not be served at this address; None if they may."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return f"{quoted(host)} is not an IP address; write 127.0.0.1, or 0.0.0.0 for all of this machine"
    if token is None and not _is_loopback(host):
        return "is reachable from other machines; set a token beside it (`serve.token`)"
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
