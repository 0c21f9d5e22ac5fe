"""What the tutorial and the how-tos show is what happens: every command, SQL and program is run."""

import shutil
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
SHOWN = [
    DOCS.parent / "README.md",
    DOCS / "tutorial.md",
    DOCS / "reference" / "python.md",
    *sorted((DOCS / "how-to").glob("*.md")),
]
NEEDED = ("curl", "sqlite3")
LONG = ("cite", "python", "query", "server")
"""Pages of which every step is run with the slow tests."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "page",
    [pytest.param(page, id=page.stem, marks=pytest.mark.slow if page.stem in LONG else ()) for page in SHOWN],
)
def test_a_reader_who_follows_the_page_sees_what_it_shows(followed, page):
    text = page.read_text("utf-8")
    if missing := [name for name in NEEDED if name in text and not shutil.which(name)]:
        pytest.skip(f"not installed: {', '.join(missing)}; .ci/run does it")
    assert followed(page) == []


def test_nearly_everything_that_can_be_run_is_run(pages):
    blocks = [block for page in SHOWN for block in pages.blocks(page.read_text("utf-8"))]
    assert [
        block.line for block in blocks if block.skipped and block.language in ("console", "sql", "python")
    ] == []
    assert len([block for block in blocks if block.language == "console"]) > 20


def test_an_output_that_differs_is_found(pages):
    assert pages.differs(["1 feed"], ["2 feeds"])
    assert pages.differs(["seen 2024-01-01"], ["seen 2024-01-02"])
    assert pages.differs(["one", "two"], ["one"])
    assert pages.differs(["first", "…", "last"], ["first", "last", "more"])
    assert pages.differs([f"seen {pages.WRITTEN_ON}"], ["seen 2024-01-01"])


def test_only_the_readers_own_day_may_be_another(pages):
    today = f"{pages.datetime.now(pages.UTC):%Y-%m-%d}"
    assert pages.differs([f"seen {pages.WRITTEN_ON}T10:00:00Z"], [f"seen {today}T23:59:01Z"]) is None
    assert pages.differs(["first", "…", "last"], ["first", "one", "two", "last"]) is None


def test_a_command_may_have_several_lines_and_a_file_is_written(pages):
    page = "<!-- file: a.txt -->\n```text\nhello\n```\n\n```console\n$ cat \\\n> a.txt\nhello\n```\n"
    first, second = pages.steps(page)
    assert first.command.startswith("cat > a.txt")
    assert (second.command, second.expected) == ("cat \\\na.txt", ["hello"])
