"""The reference has everything that the program has, and nothing else."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest
import yaml

from archiver import archive, config, records
from archiver.cli import cli
from archiver.errors import ConfigError
from archiver.query import FILTER_FIELDS, MAX_FILTERS, MAX_LENGTH, MAX_TERMS, WORD_FIELDS, Query
from archiver.web.routes import ELSEWHERE, routes

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
ROW = re.compile(r"^\| (?P<first>.*?[^\\]) \| (?P<rest>.*) \|$", re.MULTILINE)


def page(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def sections(text: str) -> dict[str, str]:
    """What stands under each heading, by the heading."""
    parts = re.split(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def cells(section: str) -> list[list[str]]:
    """The rows of the tables in a section, without their heads."""
    lines = [line for line in section.split("\n") if line.startswith("| ")]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [
        row
        for row in rows
        if row[0] not in ("key", "option", "method", "address", "field", "you type", "status")
    ]


# ---------------------------------------------------------------- configuration

SECTIONS = {
    "Top level": "{0}: {1}",
    "fetch": "fetch: {{{0}: {1}}}",
    "schedule": "schedule: {{{0}: {1}}}",
    "backup": "backup: {{{0}: {1}}}",
    "digest": "digest: {{{0}: {1}}}",
    "digest.mail": "digest: {{mail: {{{0}: {1}}}}}",
    "monitor": "monitor: {{{0}: {1}}}",
    "serve": "serve: {{{0}: {1}}}",
    "feeds": "feeds: [{{{0}: {1}}}]",
    "feeds.auth": "feeds: [{{url: 'https://example.org/', auth: {{{0}: {1}}}}}]",
    "feeds.parse": "feeds: [{{url: 'https://example.org/', parse: {{{0}: {1}}}}}]",
}
"""Each section of the reference, and a file with one key of it."""


def load(tmp_path: Path, text: str) -> config.Config:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    return config.load(file)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_of_the_configuration_is_explained_and_no_other(section, tmp_path):
    documented = [row[0].strip("`") for row in cells(sections(page("configuration.md"))[section])]
    with pytest.raises(ConfigError, match="is not a known key") as refused:
        load(tmp_path, SECTIONS[section].format("qqqqqqqq", "1"))
    known = re.search(r"known are (.*)", str(refused.value))[1].split(", ")
    assert sorted(documented) == sorted(known)


@pytest.mark.parametrize("section", [name for name in SECTIONS if name not in ("digest.mail", "feeds.auth")])
def test_the_defaults_are_those_of_the_program(section, tmp_path):
    told = {row[0].strip("`"): row[-1] for row in cells(sections(page("configuration.md"))[section])}
    assert all(default == "–" or re.fullmatch("`[^`]+`", default) for default in told.values()), told
    beside = "https://example.org/" if section == "feeds" else None
    for key, default in told.items():
        if default == "–" or (section, key) == ("serve", "run"):
            continue
        given, empty = (
            load(tmp_path, _beside(SECTIONS[section].format(key, value), beside))
            for value in (default.strip("`"), "")
        )
        assert given == empty, f"{section}.{key}"


def _beside(text: str, url: str | None) -> str:
    return text.replace("[{", f"[{{url: '{url}', ") if url else text


def test_the_commented_file_has_every_key_too():
    text = (REFERENCE.parents[1] / "config.yaml").read_text("utf-8")
    for section in SECTIONS:
        for row in cells(sections(page("configuration.md"))[section]):
            key = row[0].strip("`")
            assert re.search(rf"\b{key}\b", text), f"{section}: {key}"


def test_the_keys_that_take_variables_are_named(tmp_path):
    told = re.search(r"- \*\*Secrets\*\*(.*?)\n- ", page("configuration.md"), re.DOTALL)[1]
    feed = "feeds: [{{url: 'https://example.org/', {}}}]"
    mail = "digest: {{mail: {{to: a@b.org, from: a@b.org, server: b.org, user: {}, password: {}}}}}"
    taken = {
        "headers": feed.format("headers: {X: '${UNSET}'}"),
        "auth": feed.format("auth: {user: me, password: '${UNSET}'}"),
        "token": feed.format("token: '${UNSET}'"),
        "cookies": feed.format("cookies: {a: '${UNSET}'}"),
        "proxy": feed.format("proxy: '${UNSET}'"),
        "digest.webhook": "digest: {webhook: '${UNSET}'}",
        "digest.mail.user": mail.format("'${UNSET}'", "x"),
        "digest.mail.password": mail.format("x", "'${UNSET}'"),
        "serve.token": "serve: {token: '${UNSET}'}",
    }
    assert set(re.findall(r"`([a-z.]+)`", told)) == set(taken)
    for text in taken.values():
        with pytest.raises(ConfigError, match='"UNSET" is not set'):
            load(tmp_path, text)


# ---------------------------------------------------------------- commands


def commands(group: click.Group, context: click.Context, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, group
    for each in group.list_commands(context):
        command = group.get_command(context, each)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, context, f"{name} {each}")
        else:
            yield f"{name} {each}", command


@pytest.fixture(scope="module")
def known() -> dict[str, click.Command]:
    context = click.Context(cli, resilient_parsing=True)
    return dict(commands(cli, context, "archiver"))


def test_every_command_is_explained_and_no_other(known):
    documented = [
        re.sub(r"( \[?[A-Z].*)$", "", heading)
        for heading in sections(page("commands.md"))
        if heading.startswith("archiver")
    ]
    assert sorted(documented) == sorted(known)


def test_every_option_is_explained_and_no_other(known):
    for heading, section in sections(page("commands.md")).items():
        name = re.sub(r"( \[?[A-Z].*)$", "", heading)
        if name not in known:
            continue
        documented = {
            option for row in cells(section) for option in re.findall(r"(?<![\w-])--?[a-z][\w-]*", row[0])
        }
        real = {
            option for each in known[name].params if isinstance(each, click.Option) for option in each.opts
        }
        helping = {"-h", "--help"} if name == "archiver" else set()
        assert documented == real | helping, name


def test_arguments_stand_in_the_headings(known):
    for heading in sections(page("commands.md")):
        name = re.sub(r"( \[?[A-Z].*)$", "", heading)
        if name in known and name != "archiver":
            given = [each for each in known[name].params if isinstance(each, click.Argument)]
            assert bool(given) == (heading != name), heading


# ---------------------------------------------------------------- environment


def test_every_variable_of_the_environment_is_named_and_no_other():
    used = re.compile(r'(?:environ\.get\(|environ\[|envvar=|^VARIABLE = )"([A-Z_]+)"', re.MULTILINE)
    source = (REFERENCE.parents[1] / "archiver").rglob("*.py")
    known = {name for file in source for name in used.findall(file.read_text("utf-8"))}
    told = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", sections(page("environment.md"))["Environment variables"]))
    assert told - {"HTTP_PROXY"} == known


# ---------------------------------------------------------------- query language


def test_every_field_is_explained_and_no_other():
    documented = [row[0].strip("`:") for row in cells(sections(page("query-language.md"))["Fields"])]
    assert documented == [*WORD_FIELDS, *FILTER_FIELDS]


def test_every_example_of_a_field_is_understood():
    for row in cells(sections(page("query-language.md"))["Fields"]):
        for example in re.findall(r"`([^`]*:[^`]+)`", " ".join(row[1:])):
            assert Query(words=example).notes == (), example


def test_the_limits_are_those_of_the_program():
    told = sections(page("query-language.md"))["Limits"]
    for number in (f"{MAX_LENGTH:,} characters", f"{MAX_TERMS} words", f"{MAX_FILTERS} fields"):
        assert number in told


EXAMPLES = cells(sections(page("query-language.md"))["The query language"])


@pytest.mark.parametrize("example", [row[0].strip("`").replace("\\|", "|") for row in EXAMPLES])
def test_every_example_of_the_language_finds_something(made_up, example):
    with archive.open_archive(made_up) as opened:
        for question in example.split("`")[:1]:
            assert Query(words=question).notes == ()
            assert opened.count(question) > 0


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("pupil", "Pupils learn to measure"),
        ("школьник", "Школьники посадили тополя"),
        ("еще", "Ещё одно озеро мелеет"),
        ("title:river", "February: the river is low"),
        ("author:asanov", "Villagers block the road to the mine"),
        ('feed:"river watch"', "We begin to measure"),
        ("tag:mining", "The mine’s pond is full"),
        ("lang:ru", "Ещё одно озеро мелеет"),
        ("before:2026-01", "We begin to measure"),
        ("changed:2026-01..2026-03", "The mine’s pond is full"),
        ("withdrawn:2026-03..", "Villagers block the road to the mine"),
    ],
)
def test_fields_and_words_find_what_the_page_says(made_up, question, title):
    with archive.open_archive(made_up) as opened:
        assert title in [post.title for post in opened.posts(question)]


# ---------------------------------------------------------------- Python


def test_every_method_of_an_archive_is_explained_and_no_other():
    documented = re.findall(r"^\| `archive\.(\w+)\(", page("python.md"), re.MULTILINE)
    methods = [
        name
        for name, _ in inspect.getmembers(archive.Archive, inspect.isfunction)
        if not name.startswith("_")
    ]
    assert sorted(documented) == sorted(methods)


def test_parameters_are_called_as_they_are_told():
    for name, told in re.findall(r"^\| `archive\.(\w+)\((.*?)\)` \|", page("python.md"), re.MULTILINE):
        real = inspect.signature(getattr(archive.Archive, name)).parameters
        for parameter in re.findall(r"(\w+)(?:=([^,]+))?", told.replace("…", "")):
            assert parameter[0] in real, f"{name}: {parameter[0]}"
            if parameter[1]:
                assert repr(real[parameter[0]].default).replace("'", '"') == parameter[1].strip(), name


def test_every_kind_of_record_is_named():
    kinds = [
        name
        for name, kind in vars(records).items()
        if inspect.isclass(kind) and kind.__module__ == records.__name__
    ]
    text = page("python.md")
    assert [name for name in kinds if not re.search(rf"`{name}`", text)] == []


# ---------------------------------------------------------------- pages


def test_every_address_of_the_pages_is_explained_and_no_other():
    told = [
        address
        for row in cells(sections(page("pages.md"))["Pages"])
        for address in re.findall(r"`(/[^`?]*)`", row[0])
    ]
    assert told
    example = {"ID": "1", "FETCH": "1", "TAG": "aid"}
    filled = [re.sub("[A-Z]{2,}", lambda name: example[name[0]], address) for address in told]
    patterns = [pattern for pattern, _ in routes() if pattern != ELSEWHERE and "/-/" not in pattern]
    elsewhere = {"/archive", "/login", "/logout"}
    for address in filled:
        assert address in elsewhere or any(re.match(pattern, address) for pattern in patterns), address
    for pattern in patterns:
        assert any(re.match(pattern, address) for address in filled), pattern


# ---------------------------------------------------------------- links


def documents() -> list[Path]:
    project = REFERENCE.parents[1]
    return [project / "README.md", project / "CHANGELOG.md", *sorted((project / "docs").rglob("*.md"))]


def anchors(text: str) -> set[str]:
    """The names by which code hosts know the headings of a page."""
    heads = re.findall(
        r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.stem)
def test_every_link_leads_somewhere(document):
    text = re.sub(r"^```.*?^```", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", text)):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (document.parent / name) if name else document
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there.read_text("utf-8")), target


def test_every_page_is_reached_from_the_first_one():
    docs = REFERENCE.parent
    linked = set(re.findall(r"\]\(([\w/.-]+\.md)\)", (docs / "README.md").read_text("utf-8")))
    pages = {str(path.relative_to(docs)) for path in docs.rglob("*.md")} - {"README.md"}
    assert pages <= linked
    assert "docs/README.md" in (docs.parent / "README.md").read_text("utf-8")


def test_yaml_that_is_shown_is_a_configuration(tmp_path, monkeypatch, request):
    pages = request.getfixturevalue("pages")
    for name in ("HOOK", "MAIL_PASSWORD", "ARCHIVER_TOKEN"):
        monkeypatch.setenv(name, "a-secret-of-more-than-sixteen")
    for document in documents():
        for block in pages.blocks(document.read_text("utf-8")):
            if block.language == "yaml":
                text = "\n".join(block.lines)
                assert yaml.safe_load(text)
                assert load(tmp_path, text).fetch, f"{document.name}:{block.line}"


def test_feeds_of_records_have_the_columns_that_are_promised():
    assert {each.name for each in fields(records.Page)} == {"items", "next", "total", "note"}


def test_pictures_are_small():
    pictures = list((REFERENCE.parent / "images").iterdir())
    assert pictures
    assert [picture.name for picture in pictures if picture.stat().st_size >= 300_000] == []
