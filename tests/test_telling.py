"""Digests on their way: to the log, to a real web server, to a real mail server."""

import asyncio
import email.policy
import json
import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from archiver.config import DigestSettings, MailSettings
from archiver.store import Following, Store
from archiver.telling import Telling
from archiver.writer import Writer


class Bench:
    """An archive whose events the test writes, and a clock in its hand."""

    def __init__(self, path: Path, now: datetime) -> None:
        self.path, self.now = path, now
        with Store.open(path) as store:
            store.follow(Following(url="https://a.example/feed", name="Example"), origin="command", now=now)
        self.write(
            "INSERT INTO fetches (feed_id, started_at, duration_ms, request_url, outcome, headers, redirects,"
            " bytes_received, entries_seen, entries_new, entries_revised, gap, partial, problems)"
            " VALUES (1, '2026-03-01T12:00:00Z', 1, '', 'error', '[]', '[]', 0, 0, 0, 0, 0, 0, '[]')"
        )

    def write(self, sql: str, *values: object) -> None:
        connection = sqlite3.connect(self.path)
        try:
            connection.execute(sql, values)
            connection.commit()
        finally:
            connection.close()

    def happens(self, kind: str, detail: str = "something") -> None:
        self.write(
            "INSERT INTO events (at, feed_id, fetch_id, kind, detail)"
            " VALUES ('2026-03-01T12:00:00Z', 1, 1, ?, ?)",
            kind,
            detail,
        )

    def tell(self, settings: DigestSettings | None = None, *, begin: bool = False) -> None:
        async def run() -> None:
            async with Writer(self.path) as writer:
                telling = Telling(
                    archive=self.path,
                    writer=writer,
                    settings=settings or DigestSettings(),
                    clock=lambda: self.now,
                )
                await (telling.begin() if begin else telling.run())

        asyncio.run(run())

    def noted(self, way: str) -> tuple[str | None, str | None]:
        connection = sqlite3.connect(self.path)
        try:
            return connection.execute(
                "SELECT sent_at, problem FROM digests WHERE channel = ?", [way]
            ).fetchone()
        finally:
            connection.close()


@pytest.fixture
def bench(tmp_path, noon) -> Bench:
    return Bench(tmp_path / "archive.db", noon)


@pytest.fixture
def next_day(bench) -> Callable[..., None]:
    """Begin with these settings, let something happen, and tell of it a day later."""

    def tell(settings: DigestSettings | None = None, *happened: tuple[str, str]) -> None:
        bench.tell(settings, begin=True)
        for kind, detail in happened:
            bench.happens(kind, detail)
        bench.now += timedelta(days=1)
        bench.tell(settings)

    return tell


# ---------------------------------------------------------------- the log


def test_the_log_is_always_told(bench, next_day, caplog):
    next_day(None, ("failing", "no address"))
    [record] = [one for one in caplog.records if one.name == "archiver.telling"]
    assert record.getMessage() == "digest: archiver: 1 newly failing"
    assert record.lines == ["newly failing (1)", "  2026-03-01  Example: no address"]
    assert bench.noted("log") == ("2026-03-02T12:00:00Z", None)


def test_nothing_is_told_twice_nor_before_its_time(bench, next_day, caplog):
    next_day(None, ("failing", "no address"))
    caplog.clear()
    bench.happens("gap")
    bench.now += timedelta(hours=23)
    bench.tell()
    assert caplog.records == []


def test_where_nothing_happened_nothing_is_said(bench, next_day, caplog):
    next_day(None, ("churn", "numbers"))
    assert caplog.records == []
    assert bench.noted("log") == (None, None)


# ---------------------------------------------------------------- the webhook


class Hook:
    """A web server that takes what it is sent, and answers as the test wants."""

    def __init__(self, address: str) -> None:
        self.address, self.status = address, 204
        self.bodies: list[dict[str, object]] = []


@pytest.fixture
def hook() -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/json"
            taken.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(taken.status)
            self.send_header("Location", taken.address)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    taken = Hook(f"http://127.0.0.1:{server.server_port}/hook/SECRET")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield taken
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_webhook_gets_one_post_with_text_and_parts(bench, next_day, hook):
    next_day(DigestSettings(webhook=hook.address), ("gap", "posts may be missing"), ("gone", "410"))
    [body] = hook.bodies
    assert body["text"].startswith("archiver: 1 gone, 1 gaps")
    assert [group["kind"] for group in body["groups"]] == ["gone", "gap"]
    assert bench.noted("webhook") == ("2026-03-02T12:00:00Z", None)


@pytest.mark.parametrize("status", [302, 400, 429, 500])
def test_a_webhook_that_refuses_is_asked_again_with_all_that_happened_since(
    bench, next_day, hook, caplog, status
):
    settings = DigestSettings(webhook=hook.address)
    hook.status = status
    next_day(settings, ("gone", "410"))
    assert bench.noted("webhook") == (None, f"the webhook answered {status}")
    assert len(hook.bodies) == 1
    hook.status = 200
    bench.happens("gap")
    bench.now += timedelta(minutes=5)
    bench.tell(settings)
    assert len(hook.bodies) == 1
    bench.now += timedelta(minutes=10)
    bench.tell(settings)
    assert hook.bodies[1]["count"] == 2
    assert bench.noted("webhook")[1] is None
    assert "SECRET" not in caplog.text


def test_a_webhook_that_cannot_be_reached_is_told_without_its_address(bench, next_day, caplog):
    next_day(DigestSettings(webhook="http://127.0.0.1:9/SECRET"), ("gone", "410"))
    assert bench.noted("webhook") == (None, "the webhook cannot be reached: ConnectError")
    assert "SECRET" not in caplog.text


@pytest.mark.parametrize(
    ("name", "value"), [("SSL_CERT_FILE", "/nowhere.pem"), ("HTTP_PROXY", "foo://me:pw@host.invalid")]
)
def test_an_environment_that_lets_no_webhook_be_reached_is_told_as_such(
    bench, next_day, caplog, monkeypatch, name, value
):
    monkeypatch.setenv(name, value)
    next_day(DigestSettings(webhook="http://hook.invalid/SECRET"), ("gone", "410"))
    assert bench.noted("webhook")[1].startswith("the webhook cannot be reached: ")
    assert not [word for word in ("SECRET", "me:pw") if word in caplog.text]


def test_one_way_that_fails_keeps_no_other_from_telling(bench, next_day, hook):
    settings = DigestSettings(webhook=hook.address, mail=mail(9))
    next_day(settings, ("gone", "410"))
    assert len(hook.bodies) == 1
    assert bench.noted("mail")[1].startswith("the mail could not be sent: ")


# ---------------------------------------------------------------- the mail


def mail(port: int, **settings: object) -> MailSettings:
    defaults = {
        "encryption": "none",
        "sender": "archive@ngo.example",
        "to": ("a@ngo.example", "b@ngo.example"),
    }
    return MailSettings(server="localhost", port=port, **(defaults | settings))


class Post:
    """A mail server's memory."""

    def __init__(self) -> None:
        self.port = 0
        self.letters: list[Envelope] = []
        self.encrypted: list[bool] = []

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802
        if address.startswith("nobody"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        self.letters.append(envelope)
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return "250 OK"


@pytest.fixture
def post(tmp_path, monkeypatch) -> Iterator[Callable[..., Post]]:
    """`post(encryption="starttls")`: a mail server on loopback whose certificate this machine trusts."""
    running: list[asyncio.Server] = []
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    def login(server, session, envelope, mechanism, data) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"archive", b"open sesame"), handled=False)

    def begin(encryption: str = "none", *, name: str = "localhost", auth: bool = False) -> Post:
        taken = Post()
        context = None
        if encryption != "none":
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            ca.issue_cert(name).configure_cert(context)
        options: dict[str, object] = {"hostname": "localhost"}
        if auth:
            options |= {"authenticator": login, "auth_required": True}
        if encryption == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        create = loop.create_server(
            lambda: SMTP(taken, loop=loop, **options),
            "127.0.0.1",
            0,
            ssl=context if encryption == "tls" else None,
        )
        server = asyncio.run_coroutine_threadsafe(create, loop).result(10)
        running.append(server)
        taken.port = server.sockets[0].getsockname()[1]
        return taken

    async def close() -> None:
        for server in running:
            server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            await asyncio.wait((task,))

    yield begin
    asyncio.run_coroutine_threadsafe(close(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def letter(envelope: Envelope) -> email.message.EmailMessage:
    return email.message_from_bytes(envelope.original_content, policy=email.policy.default)


def test_a_mail_tells_the_digest_as_plain_text(bench, next_day, post):
    taken = post()
    next_day(DigestSettings(mail=mail(taken.port)), ("withdrawn", "Новость дня"))
    [envelope] = taken.letters
    assert envelope.rcpt_tos == ["a@ngo.example", "b@ngo.example"]
    message = letter(envelope)
    assert message["Subject"] == "archiver: 1 withdrawn posts"
    assert "Новость дня" in message.get_content()
    assert message["Auto-Submitted"] == "auto-generated"
    assert bench.noted("mail") == ("2026-03-02T12:00:00Z", None)


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_mail_goes_encrypted_and_with_a_login(bench, next_day, post, encryption):
    taken = post(encryption, auth=encryption == "starttls")
    login = {"user": "archive", "password": "open sesame"} if encryption == "starttls" else {}
    next_day(DigestSettings(mail=mail(taken.port, encryption=encryption, **login)), ("gone", "410"))
    assert bench.noted("mail")[1] is None
    assert taken.encrypted == [True]


def test_a_server_without_starttls_gets_nothing_where_it_is_insisted_on(bench, next_day, post):
    taken = post("none")
    next_day(DigestSettings(mail=mail(taken.port, encryption="starttls")), ("gone", "410"))
    assert taken.letters == []
    assert "STARTTLS" in bench.noted("mail")[1]


def test_a_server_under_another_name_gets_nothing(bench, next_day, post):
    taken = post("starttls", name="other.example")
    next_day(DigestSettings(mail=mail(taken.port, encryption="starttls")), ("gone", "410"))
    assert taken.letters == []
    assert "certificate is not to be trusted" in bench.noted("mail")[1]


def test_a_refused_login_is_told_without_the_password(bench, next_day, post, caplog):
    taken = post("starttls", auth=True)
    wrong = mail(taken.port, encryption="starttls", user="archive", password="wrong sesame")
    next_day(DigestSettings(mail=wrong), ("gone", "410"))
    assert bench.noted("mail")[1] == "the mail could not be sent: the server refused the login (535)"
    assert "sesame" not in caplog.text
    assert "sesame" not in repr(wrong)


def test_refused_receivers_are_told_and_the_others_get_it(bench, next_day, post, caplog):
    taken = post()
    some = mail(taken.port, to=("a@ngo.example", "nobody@ngo.example"))
    next_day(DigestSettings(mail=some), ("gone", "410"))
    assert taken.letters[0].rcpt_tos == ["a@ngo.example"]
    assert "refused 1 of 2" in caplog.text


def test_if_all_receivers_are_refused_it_is_tried_again(bench, next_day, post):
    taken = post()
    next_day(DigestSettings(mail=mail(taken.port, to=("nobody@ngo.example",))), ("gone", "410"))
    assert "refused everybody" in bench.noted("mail")[1]


def test_words_of_publishers_make_no_further_header_of_a_mail(bench, next_day, post):
    taken = post()
    next_day(DigestSettings(mail=mail(taken.port)), ("x\r\nBcc: evil@example.org", "a\r\n.\r\nMAIL FROM:<x>"))
    message = letter(taken.letters[0])
    assert message["Bcc"] is None
    assert len(taken.letters) == 1
