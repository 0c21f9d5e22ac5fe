"""Takes the README's screenshots anew: `python docs/screenshots.py`, with Chromium and its driver installed.

The archive is made on the spot: of the seeds, of the made-up sources in `docs/examples`, and of three gauges
that publish a level every few days. Nobody else's posts are in the pictures.
"""

import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path

PROJECT = Path(__file__).parents[1]
IMAGES = PROJECT / "docs" / "images"
LARGEST = 300_000

PAGES = {
    "home": ("/", 1240),
    "feed": ("/feed/3", 800),
    "post": ("/post/3", 800),
    "search": ("/search?q=kyrgyz*+OR+river+-gauge", 1000),
    "compare": ("/post/3/diff", 800),
}
"""The name of each picture, the page that it shows, and its height in pixels."""

WIDTH = 1100
NAMES = (
    "Centralasiengrupperna, blog, in English",
    "Centralasiengrupperna, blog, 2",
    "Centralasiengrupperna, blog, 3",
    "Eurasia Foundation",
    "People in Need: Central Asia",
)
"""Of the seeds, as in `config.yaml`."""

PLACES = ("Tokmok bridge", "Ak-Beshim sluice", "Lower gauge")


def gauge(place: str, now: datetime, chance: random.Random) -> str:
    """A made-up feed: what a gauge says, some days apart, for about a year."""
    items, day, level = [], now - timedelta(days=360), 60
    while day < now - timedelta(days=1):
        level = max(20, level + chance.randint(-7, 7))
        told = "rises" if chance.random() < 0.5 else "falls"
        items.append(
            f"<item><title>{place}: {level} cm</title><guid isPermaLink='false'>{place}-{day:%Y%m%d}</guid>"
            f"<pubDate>{day:%a, %d %b %Y %H:%M:%S} GMT</pubDate><category>water</category>"
            f"<description>The river {told}. The gauge read {level} centimetres at dawn.</description></item>"
        )
        day += timedelta(days=chance.choice((1, 1, 2, 3, 5, 9)), hours=chance.randint(-3, 3))
    return (
        f"<rss version='2.0'><channel><title>{place}</title><link>https://gauges.example/</link>"
        f"<language>en</language>{''.join(reversed(items))}</channel></rss>"
    )


def archived(folder: Path) -> Path:
    """An archive to take pictures of."""
    archive, chance, now = folder / "archive.db", random.Random(5), datetime.now(UTC)

    def archiver(*arguments: str | Path) -> None:
        command = [sys.executable, "-m", "archiver", "--archive", archive, *arguments]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    archiver("replay", PROJECT / "docs" / "examples" / "made-up.warc")
    for number, place in enumerate(PLACES, start=1):
        file = folder / f"{number}.xml"
        file.write_text(gauge(place, now, chance), encoding="utf-8")
        archiver("replay", file, "--url", f"https://gauges.example/{number}.xml")
    archiver("feeds", "resume", *(str(number) for number in range(1, 6)))
    seeds = sorted((PROJECT / "data" / "fixtures").iterdir())
    listed = [
        {"url": file.as_uri(), "name": name, "tags": ["ngo", "central-asia"]}
        for name, file in zip(NAMES, seeds, strict=True)
    ]
    (folder / "config.yaml").write_text(json.dumps({"feeds": listed}), encoding="utf-8")
    archiver("fetch", *NAMES)
    return archive


def main() -> None:
    """Make the archive, serve it, take the pictures."""
    from selenium import webdriver

    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        sys.exit("install chromium and chromium-driver first")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "hide-scrollbars", "disable-gpu"):
        options.add_argument(f"--{argument}")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        archive = archived(Path(name))
        serving = [sys.executable, "-m", "archiver", "--archive", archive, "serve", "--port", "0"]
        with subprocess.Popen(serving, stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr is not None
            address = re.search(r"http://\S+", server.stderr.readline())
            assert address is not None
            browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
            try:
                for picture, (page, height) in PAGES.items():
                    metrics = {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
                    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
                    browser.get(address[0].rstrip("/") + page)
                    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
                    png = b64decode(taken["data"])
                    assert len(png) < LARGEST, f"{picture} has {len(png):,} bytes"
                    (IMAGES / f"{picture}.png").write_bytes(png)
                    sys.stdout.write(f"{picture}: {len(png):,} bytes\n")
            finally:
                browser.quit()
                server.terminate()


if __name__ == "__main__":
    main()
