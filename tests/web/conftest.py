"""The pages as visitors meet them: the real server in a process of its own on loopback, and Chromium.

The archive has the seeds, feeds of ours that were edited, cut and brought back, and one whose every field is
hostile. Without Chromium, its driver or axe the tests that need them are skipped; `.ci/run` installs them.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".venv" / "axe" / "node_modules" / "axe-core" / "axe.min.js"

HOSTILE = (
    "&lt;script&gt;document.title='hurt'&lt;/script&gt;&lt;img src=x onerror=\"document.title='hurt'\"&gt;"
    "'\" onmouseover=document.title='hurt' {{7*7}}\u202egnp"
)
"""What a publisher may write into any field, as it stands in the document."""


def rss(title: str, *items: str, more: str = "") -> str:
    """A document with these items."""
    head = f"<title>{title}</title><link>https://site.example/</link><description>About {title}</description>"
    return f'<rss version="2.0"><channel>{head}{more}{"".join(items)}</channel></rss>'


def item(number: int, title: str, text: str = "Some words about the matter.", *, more: str = "") -> str:
    """An item, dated by its number of days in October 2026."""
    return (
        f"<item><guid isPermaLink='false'>item-{number}</guid><title>{title}</title>"
        f"<link>https://site.example/{number}</link><pubDate>{number:02d} Oct 2026 08:00:00 GMT</pubDate>"
        f"<description>{text}</description>{more}</item>"
    )


Step = tuple[str, dict[str, str]]
"""A day, and what its documents say then, by the names of their files."""


def archived(path: Path, steps: list[Step]) -> None:
    """An archive that saw these documents on these days, made by one run of the real pipeline."""
    from archiver.cli.context import Context
    from archiver.cli.engine import engine
    from archiver.replay import replay_all

    (path.parent / "config.yaml").write_text("log: auto\n")

    async def make() -> None:
        async with engine(Context(config_path=path.parent / "config.yaml", archive_path=path)) as archiving:
            for day, documents in steps:
                files = [path.parent / name for name in documents]
                for file, text in zip(files, documents.values(), strict=True):
                    file.write_text(text, "utf-8")
                done = await replay_all(
                    archiving.pipeline,
                    archiving.writer,
                    tuple((file, file.as_uri()) for file in files),
                    at=datetime.fromisoformat(f"{day}T08:00:00+00:00"),
                    max_bytes=10**7,
                    report=lambda _: None,
                )
                assert not done.errors

    asyncio.run(make())


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a past, which no test may change."""
    path = tmp_path_factory.mktemp("served") / "archive.db"
    seeds = {
        file.name: file.read_text("utf-8") for file in sorted((ROOT / "data" / "fixtures").glob("*.txt"))
    }
    stories = [
        item(day, f"Story {day}", f"What happened on day {day}. " + "Word " * 90) for day in range(28, 0, -1)
    ]
    nasty = [
        item(day, HOSTILE, HOSTILE, more=f"<author>{HOSTILE}</author><category>{HOSTILE}</category>")
        for day in range(6, 0, -1)
    ]
    more = f"<language>{HOSTILE}</language><copyright>{HOSTILE}</copyright>"
    hostile = rss(HOSTILE, item(9, "W" * 400, "w" * 4000), *nasty, more=more)
    edited = [
        *stories[:3],
        item(25, "Story 25, corrected", "What really happened. " + "Word " * 90),
        *stories[4:],
    ]
    cut = [one for number, one in enumerate(edited) if number != 5]
    steps: list[Step] = [
        ("2026-10-29", seeds | {"hostile.xml": hostile, "news.xml": rss("News of the valley", *stories)}),
        ("2026-11-01", {"hostile.xml": hostile.replace("{{7*7}}", "{{8*8}}")}),
        ("2026-11-01", {"news.xml": rss("News of the valley", *cut)}),
        ("2026-11-02", {"news.xml": rss("News of the valley", *cut, more="<ttl>2</ttl>")}),
        ("2026-11-03", {"news.xml": rss("News of the valley", *edited)}),
    ]
    archived(path, steps)
    return path


@dataclass(frozen=True)
class Got:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Site:
    """A server that runs."""

    address: str
    """Without a slash at its end."""

    def get(self, path: str, **headers: str) -> Got:
        """Ask for a page as a program does; redirects are not followed."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(urllib.request.Request(self.address + path, headers=fields))

    def post(self, path: str, body: bytes, **headers: str) -> Got:
        """Send a form."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(urllib.request.Request(self.address + path, data=body, headers=fields))

    def send(self, request: urllib.request.Request) -> Got:
        """Send a request as it is."""
        opener = urllib.request.build_opener(_Still)
        try:
            with opener.open(request, timeout=30) as answer:
                return Got(answer.status, _fields(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Got(error.code, _fields(error.headers), error.read())


def _fields(headers: Message) -> dict[str, str]:
    """The fields of a header by their names in lower case, those that come twice in one."""
    return {name.lower(): ", ".join(headers.get_all(name, [])) for name in headers}


class _Still(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_: Any) -> None:
        return None


@contextmanager
def serving(archive: Path, *options: str, **environment: str) -> Iterator[Site]:
    """`archiver serve` in a process of its own, on a free port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "archiver", "--archive", str(archive), "serve", "--port", "0", *options],
        cwd=archive.parent,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )
    assert process.stderr is not None
    try:
        told = process.stderr.readline()
        found = re.search(r"http://\S+[0-9]", told)
        assert found, told + process.stderr.read()
        yield Site(found[0])
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="session")
def site(archive: Path) -> Iterator[Site]:
    """The pages of the archive, for whoever asks from this machine."""
    with serving(archive) as served:
        yield served


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[Site]]:
    """`archiver serve` for another archive, or with other options."""
    return serving


TOKEN = "0123456789abcdef-token"


@pytest.fixture(scope="session")
def locked(archive: Path) -> Iterator[Site]:
    """The pages of the same archive, for whoever knows TOKEN."""
    with serving(archive, ARCHIVER_TOKEN=TOKEN) as served:
        yield served


@pytest.fixture(scope="session")
def token() -> str:
    """What opens `locked`."""
    return TOKEN


class Browser:
    """Chromium, driven as a person would."""

    def __init__(self, driver: Any, site: Site) -> None:
        self.driver = driver
        self.site = site

    def open(self, path: str, *, width: int = 1200, dark: bool = False) -> "Browser":
        """Go to a page of the archive."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        shape = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
        self.driver.get(self.site.address + path)
        return self

    def run(self, script: str, *values: Any) -> Any:
        """Run a script of the test's in the page, and return what it returns."""
        return self.driver.execute_script(script, *values)

    def find(self, selector: str) -> Any:
        """The first element that fits; fails if there is none."""
        from selenium.webdriver.common.by import By

        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[Any]:
        """Every element that fits."""
        from selenium.webdriver.common.by import By

        return list(self.driver.find_elements(By.CSS_SELECTOR, selector))

    @property
    def title(self) -> str:
        return str(self.driver.title)

    @property
    def path(self) -> str:
        """Where it is, without scheme and host."""
        return str(self.driver.current_url).removeprefix(self.site.address)

    def complaints(self) -> list[str]:
        """What the console has said since the last time, such as refusals by the policy."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.run("return document.documentElement.scrollWidth - window.innerWidth"))

    def violations(self) -> list[str]:
        """What axe finds wrong with the page, a line each."""
        if not AXE.is_file():
            pytest.skip("axe-core is not installed; .ci/run does it")
        self.run(AXE.read_text("utf-8"))
        found = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {resultTypes: ['violations']})"
            ".then(r => done(r.violations), e => done([String(e)]))"
        )
        return [
            one
            if isinstance(one, str)
            else f"{one['id']}: {json.dumps([node['html'][:200] for node in one['nodes'][:3]])}"
            for one in found
        ]


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium without a window. Skips where it is not installed."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        pytest.skip("chromium and chromium-driver are not installed; .ci/run does it")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "disable-dev-shm-usage",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        f"user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    started.set_page_load_timeout(60)
    try:
        yield started
    finally:
        with suppress(Exception):
            started.quit()


@pytest.fixture
def browser(driver: Any, site: Site) -> Browser:
    """Chromium on the archive's pages."""
    browser = Browser(driver, site)
    browser.open("/-/actor.json")
    browser.complaints()
    return browser


@pytest.fixture
def browse(driver: Any) -> Callable[[Site], Browser]:
    """Chromium on another server's pages."""
    return lambda site: Browser(driver, site)
