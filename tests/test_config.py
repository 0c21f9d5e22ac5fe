"""The configuration: what a file may say, and the one sentence for everything else."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from archiver import __version__
from archiver.config import (
    Config,
    FeedConfig,
    FetchSettings,
    MailSettings,
    MonitorSettings,
    ScheduleSettings,
    load,
)
from archiver.config.sections import FETCH_KEYS, SCHEDULE_KEYS
from archiver.errors import ConfigError
from archiver.model import ParseOptions

SHIPPED = Path(__file__).parents[1] / "config.yaml"

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def problem(write: Write) -> Callable[[str], str]:
    """The sentence that a faulty file gets, its folder taken off."""

    def problem(text: str) -> str:
        path = write(text)
        with pytest.raises(ConfigError) as caught:
            load(path)
        return str(caught.value).removeprefix(f"{path.parent}/")

    return problem


# ---------------------------------------------------------------- the shipped file


def test_the_shipped_file_says_the_defaults():
    config = load(SHIPPED)
    assert config.fetch == FetchSettings()
    assert config.schedule == ScheduleSettings()
    assert config.archive == SHIPPED.parent / Config.default().archive


def test_the_shipped_file_names_every_key():
    shipped = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    sections = {"archive", "fetch", "schedule", "backup", "digest", "monitor", "serve", "log", "feeds"}
    assert set(shipped) == sections
    assert set(shipped["fetch"]) == set(FETCH_KEYS)
    assert set(shipped["schedule"]) == set(SCHEDULE_KEYS)
    text = SHIPPED.read_text(encoding="utf-8")
    for key in (
        "url", "name", "tags", "interval", "headers", "parse", "charset", "kind", "auth", "user", "password",
        "token", "cookies", "proxy", "verify_tls", "timeout", "user_agent", "host", "port", "run",
    ):  # fmt: skip
        assert re.search(rf"^#?[ -]*{key}:", text, re.MULTILINE), key


@pytest.mark.parametrize(
    ("keys", "settings"),
    [(FETCH_KEYS, FetchSettings), (SCHEDULE_KEYS, ScheduleSettings)],
    ids=["fetch", "schedule"],
)
def test_every_setting_has_a_key(keys, settings):
    assert [name for name, _ in keys.values()] == [field.name for field in dataclasses.fields(settings)]


def test_the_shipped_file_follows_a_live_feed_and_all_fixtures():
    feeds = load(SHIPPED).feeds
    assert feeds[0].url == "https://www.eurasia.org/success-stories-expertise/civil-society/feed/"
    fixtures = sorted((SHIPPED.parent / "data" / "fixtures").iterdir())
    assert [feed.url for feed in feeds[1:]] == [path.as_uri() for path in fixtures]
    for feed in feeds:
        assert feed.name
        assert feed.tags == ("ngo", "central-asia")


# ---------------------------------------------------------------- what a file may say


def test_without_a_file_the_defaults_hold():
    assert load(None) == Config.default() == Config()


def test_an_empty_file_and_empty_values_mean_the_defaults(write):
    for text in (
        "",
        "# nothing\n",
        "archive:\nfetch:\nschedule: ~\nfeeds:\n",
        "fetch: {contact: , max_body: }",
    ):
        path = write(text)
        assert load(path) == Config(path=path, archive=path.parent / "data/archive.db")


def test_a_feed_may_say_everything(write, monkeypatch):
    monkeypatch.setenv("FEED_KEY", "s3cret")
    path = write(
        "feeds:\n"
        "  - url: https://ngo.example/feed\n"
        "    name: Вести\n"
        "    tags: [ngo, no, 2024, ngo]\n"
        "    interval: 1h30m\n"
        "    headers: {X-Api-Key: 'key ${FEED_KEY}', Accept: text/xml}\n"
        "    parse: {charset: windows-1251, kind: page}\n"
    )
    assert load(path).feeds == (
        FeedConfig(
            url="https://ngo.example/feed",
            name="Вести",
            tags=("ngo", "no", "2024"),
            interval_seconds=5400,
            headers=(("X-Api-Key", "key s3cret"), ("Accept", "text/xml")),
            parse=ParseOptions(charset="windows-1251", kind="page"),
            line=2,
        ),
    )
    assert "s3cret" not in repr(load(path))


def test_a_feed_may_be_its_address_alone(write):
    assert load(write("feeds:\n  - https://ngo.example/feed\n")).feeds == (
        FeedConfig(url="https://ngo.example/feed", line=2),
    )


def test_paths_are_relative_to_the_folder_of_the_file(write, tmp_path):
    config = load(
        write(
            "archive: x/a.db\n"
            "feeds: ['file:a b#1?.txt', 'file:../up.txt', 'file:///abs%20olute', 'file:a%25']"
        )
    )
    assert config.archive == tmp_path / "x/a.db"
    assert [feed.url for feed in config.feeds] == [
        (tmp_path / "a b#1?.txt").as_uri(),
        (tmp_path.parent / "up.txt").as_uri(),
        "file:///abs%20olute",
        (tmp_path / "a%").as_uri(),
    ]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("1h30m", 5400), ("2d", 172800), ("1d1h1m1s", 90061)]
)
def test_durations_have_units(write, text, seconds):
    assert (
        load(write(f"feeds: [{{url: http://a.example, interval: {text}}}]")).feeds[0].interval_seconds
        == seconds
    )


@pytest.mark.parametrize(
    ("text", "size"), [("20MB", 20_000_000), ("512 KiB", 524_288), ("1gib", 2**30), ("7B", 7)]
)
def test_sizes_have_units(write, text, size):
    assert load(write(f"fetch: {{max_body: {text}}}")).fetch.max_body_bytes == size


def test_the_user_agent_tells_the_contact():
    assert FetchSettings().full_user_agent == f"archiver/{__version__} (no contact configured)"
    assert (
        FetchSettings(contact="me@ngo.example").full_user_agent == f"archiver/{__version__} (+me@ngo.example)"
    )


def test_a_byte_order_mark_and_crlf_do_no_harm(write):
    assert load(write("\ufefffetch:\r\n  max_redirects: 3\r\n")).fetch.max_redirects == 3


# ---------------------------------------------------------------- the one sentence


FEED = "feeds:\n  - url: https://ngo.example/feed\n    "
NO_CHARSET = "is not a known charset; write windows-1251 or utf-8"
NO_ADDRESS = "is not a web address; write one like https://example.org/feed, without spaces"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            FEED + "interval: 5 bananas",
            '3: feeds[0].interval: "5 bananas" is not a duration; write 90s, 15m, 2h or 1d',
        ),
        (
            FEED + "interval: 3600",
            '3: feeds[0].interval: "3600" has no unit; write 90s for seconds, 15m for minutes',
        ),
        (FEED + "interval: 0s", '3: feeds[0].interval: "0s" is not a duration; write 90s, 15m, 2h or 1d'),
        (FEED + "interval: 400d", '3: feeds[0].interval: "400d" is longer than a year; write 366d or less'),
        (FEED + "intervall: 5m", '3: feeds[0]: "intervall" is not a known key; did you mean interval?'),
        (
            FEED + "qqq: 1",
            '3: feeds[0]: "qqq" is not a known key; known are url, name, tags, interval, headers, parse, '
            "auth, token, cookies, proxy, verify_tls, timeout, user_agent",
        ),
        (
            "feeds:\n  - http://me:s3cret@x.kz/f: 5",
            "2: feeds[0]: an address stands where a key should; write `url: …` above the feed's options",
        ),
        (FEED + "name: [a]", "3: feeds[0].name: must be a single value"),
        (FEED + "name: ''", "3: feeds[0].name: is empty"),
        (
            FEED + 'name: "a\\nb"',
            "3: feeds[0].name: holds a line break or a control character; write it in one line",
        ),
        (FEED + "tags: ngo", "3: feeds[0].tags: must be a list"),
        (FEED + "tags: [[a]]", "3: feeds[0].tags[0]: must be a single value"),
        (FEED + "parse: page", "3: feeds[0].parse: must be a list of `key: value` lines"),
        (
            FEED + "parse: {kind: Page}",
            '3: feeds[0].parse.kind: "Page" is not a known kind; write one of syndication, json, text, page',
        ),
        (FEED + "parse: {charset: klingon}", f'3: feeds[0].parse.charset: "klingon" {NO_CHARSET}'),
        (FEED + "parse: {charset: base64}", f'3: feeds[0].parse.charset: "base64" {NO_CHARSET}'),
        (FEED + "parse: {charset: idna}", f'3: feeds[0].parse.charset: "idna" {NO_CHARSET}'),
        (FEED + "headers: {Host: x}", "3: feeds[0].headers.Host: is not a header that can be set here"),
        (FEED + "headers: {'a b': x}", "3: feeds[0].headers.a b: is not a header that can be set here"),
        (
            FEED + "headers: {A: вести}",
            "3: feeds[0].headers.A: holds characters that cannot travel in a header; keep to plain letters",
        ),
        (
            FEED + "headers: {A: '${NOT_THERE}'}",
            '3: feeds[0].headers.A: the environment variable "NOT_THERE" is not set; set it first',
        ),
        (FEED + "name: a\n    name: b", '4: feeds[0]: "name" is given twice, first in line 3'),
        ("fetch: {}\nschedule: {}\nfetch: {}", '3: "fetch" is given twice, first in line 1'),
        ("feeds:\n  - name: a", "2: feeds[0]: has no url; every feed needs one"),
        (
            "feeds:\n  - ftp://ngo.example/feed",
            "2: feeds[0]: ftp: addresses cannot be fetched; write https:, http: or file:",
        ),
        (
            "feeds:\n  - www.ngo.example/feed",
            "2: feeds[0]: is not a web address; it must begin with https:// or http://, or file:",
        ),
        (
            "feeds:\n  - 'http://[::1'",
            "2: feeds[0]: is not a web address; compare it with the one in your browser",
        ),
        ("feeds:\n  - http://", f"2: feeds[0]: {NO_ADDRESS}"),
        ("feeds:\n  - http://a.example/b c", f"2: feeds[0]: {NO_ADDRESS}"),
        (
            "feeds:\n  - file://other/x",
            "2: feeds[0]: a file: address cannot name another machine; write file:folder/name",
        ),
        ("fetch: {max_body: 20}", '1: fetch.max_body: "20" is not a size; write 500KB, 20MB or 20 MiB'),
        ("fetch: {max_body: 0MB}", '1: fetch.max_body: "0MB" is not a size; write 500KB, 20MB or 20 MiB'),
        ("fetch: {concurrency: 0}", '1: fetch.concurrency: "0" is not a whole number from 1 to 1000'),
        ("fetch: {max_redirects: many}", '1: fetch.max_redirects: "many" is not a whole number from 0 to 50'),
        ("fetch: [1]", "1: fetch: must be a list of `key: value` lines"),
        ("- fetch", "1: must be a list of `key: value` lines"),
        (
            "schedule: {interval: 5m}",
            "1: schedule: min_interval is longer than interval; lower min_interval or raise interval",
        ),
        (
            "schedule: {interval: 2d}",
            "1: schedule: max_interval is shorter than interval; raise max_interval or lower interval",
        ),
        ("feeds: [&a http://a.example, *a]", "1: is an alias (*name); write the value out"),
        ("feeds: " + "[" * 100_000, "1: is nested too deeply"),
        ("archive: \x01", "1: holds a character that YAML does not allow"),
    ],
    ids=lambda value: value[-40:],
)
def test_a_mistake_is_one_sentence_with_file_line_and_key(problem, text, sentence):
    assert problem(text) == f"config.yaml:{sentence}"


# With an asterisk in it a file is searched for aliases before all else.
@pytest.mark.parametrize("end", ["", "# *\n"], ids=["at once", "after a search"])
def test_a_file_is_read_alike_whether_or_not_it_may_hold_aliases(write, end):
    path = write(
        "archive: ~\nfetch: {contact: NULL, max_redirects: !!null 3, user_agent: 'null'}\n"
        "feeds:\n- http://a.example/1\n- {url: http://a.example/2, name: ~x, tags: [Null, on, 1e3, '~']}\n"
        + end
    )
    assert load(path) == Config(
        path=path,
        archive=path.parent / "data/archive.db",
        fetch=FetchSettings(user_agent="null"),
        feeds=(
            FeedConfig(url="http://a.example/1", line=4),
            FeedConfig(url="http://a.example/2", name="~x", tags=("Null", "on", "1e3", "~"), line=5),
        ),
    )


@pytest.mark.parametrize("end", ["", "# *\n"], ids=["at once", "after a search"])
def test_twenty_lists_in_each_other_are_not_too_many_to_be_told_what_is_wrong(problem, end):
    deepest = "feeds: " + "[" * 19 + "a" + "]" * 19 + "\n" + end
    assert problem(deepest) == "config.yaml:1: feeds[0]: must be a list of `key: value` lines"
    deeper = deepest.replace("[a]", "[[]]")
    assert problem(deeper) == "config.yaml:1: is nested too deeply"


def test_yaml_that_cannot_be_read_is_told_with_its_line(problem):
    assert problem("fetch:\n  contact: a: b\n").startswith("config.yaml:2: cannot be read as YAML: ")


@pytest.mark.parametrize(
    "other",
    [
        "HTTPS://NGO.example/feed",
        "https://ngo.example/feed/",
        "https://ngo.example:443/feed",
        "https://ngo.example./feed",
        "https://ngo.example/feed#top",
    ],
)
def test_the_same_feed_twice_is_a_mistake_however_it_is_spelt(problem, other):
    assert problem(FEED + f"name: a\n  - {other}\n") == (
        "config.yaml:4: feeds[1]: is the same feed as in line 2; keep one of the two"
    )


@pytest.mark.parametrize(
    "other", ["http://ngo.example/feed", "https://ngo.example/Feed", "https://ngo.example/feed?a"]
)
def test_feeds_that_only_look_alike_are_two(write, other):
    assert len(load(write(FEED + f"name: a\n  - {other}\n")).feeds) == 2


def test_neither_a_login_nor_a_variable_is_ever_shown(problem, monkeypatch):
    monkeypatch.setenv("FEED_KEY", "s3cret\r\nX: y")
    assert "s3cret" not in problem(FEED + "headers: {A: '${FEED_KEY}'}")
    for url in ("http://me:s3cret@a.example:99999/", "http://me:s3cret@/", "me:s3cret@a.example/feed"):
        assert "s3cret" not in problem(f"feeds: ['{url}']")
    assert "s3cret" not in problem("feeds: ['http://me:s3cret@a.example', 'http://me:s3cret@A.example/']")


def test_a_file_that_was_named_must_be_there(tmp_path):
    with pytest.raises(ConfigError, match=r"config\.yaml: there is no such file"):
        load(tmp_path / "config.yaml")


def test_a_folder_is_no_configuration(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_a_file_in_another_encoding_is_told_with_its_line(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_bytes("fetch:\n  contact: вести".encode("windows-1251"))
    with pytest.raises(ConfigError, match=r"config\.yaml:2: is not UTF-8 text; save the file as UTF-8"):
        load(path)


def test_a_file_over_ten_megabytes_is_refused(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_bytes(b"#" * 10_000_001)
    with pytest.raises(ConfigError, match="is larger than 10 MB"):
        load(path)


def test_a_file_in_the_place_of_the_folder_for_backups_is_refused(tmp_path):
    (tmp_path / "copies").write_text("a file")
    path = tmp_path / "config.yaml"
    path.write_text("backup:\n  folder: copies\n")
    with pytest.raises(
        ConfigError, match=r"config\.yaml:2: backup\.folder: .*copies is a file; name a folder"
    ):
        load(path)


def test_backups_go_to_a_folder_beside_the_file_as_often_and_as_many_as_it_says(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("backup: {folder: copies, every: 12h, keep: 3}")
    backup = load(path).backup
    assert (backup.folder, backup.every_seconds, backup.keep) == (tmp_path / "copies", 43200, 3)
    assert Config.default().backup.folder is None


# ---------------------------------------------------------------- seen from outside


def test_a_digest_goes_where_the_file_says_with_secrets_from_the_environment(write, monkeypatch):
    monkeypatch.setenv("MAIL_PASSWORD", "öpen sesame")
    monkeypatch.setenv("HOOK", "s3cret")
    config = load(
        write(
            "digest:\n  every: 12h\n  webhook: https://chat.example/hook/${HOOK}\n"
            "  mail: {to: [a@ngo.example, b@ngo.example], from: me@ngo.example, server: mail.ngo.example,"
            " user: me, password: '${MAIL_PASSWORD}'}\n"
        )
    )
    assert config.digest.every_seconds == 43200
    assert config.digest.webhook == "https://chat.example/hook/s3cret"
    assert config.digest.mail == MailSettings(
        server="mail.ngo.example",
        sender="me@ngo.example",
        to=("a@ngo.example", "b@ngo.example"),
        port=587,
        encryption="starttls",
        user="me",
        password="öpen sesame",
    )
    assert "s3cret" not in repr(config)
    assert "sesame" not in repr(config)
    assert {"öpen sesame", "https://chat.example/hook/s3cret"} <= config.secrets


@pytest.mark.parametrize(
    ("mail", "port", "encryption"),
    [
        ("port: 465", 465, "tls"),
        ("encryption: tls", 465, "tls"),
        ("encryption: none", 25, "none"),
        ("port: 2525", 2525, "starttls"),
    ],
)
def test_port_and_encryption_of_mail_follow_each_other(write, mail, port, encryption):
    text = f"digest: {{mail: {{to: a@b.example, from: c@d.example, server: localhost, {mail}}}}}"
    found = load(write(text)).digest.mail
    assert found is not None
    assert (found.port, found.encryption) == (port, encryption)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("digest: {webhook: ftp://a.example/}", "digest.webhook: is not a web address"),
        (
            "digest: {webhook: 'https://a.example/${NO_SUCH}'}",
            'the environment variable "NO_SUCH" is not set',
        ),
        ("digest: {mail: {to: a@b.example, from: c@d.example}}", "digest.mail: has no server"),
        ("digest: {mail: {to: nobody, from: c@d.example, server: x}}", '"nobody" is not a mail address'),
        (
            "digest: {mail: {to: a@b.example, from: c@d.example, server: x, user: me}}",
            "needs both user and password",
        ),
        (
            "digest: {mail: {to: a@b.example, from: c@d.example, server: x, user: u, password: p,"
            " encryption: none}}",
            "none would send the password readable for all",
        ),
        ("monitor: {port: 0}", '"0" is not a whole number from 1 to 65535'),
        ("monitor: {port: 9464, host: 0.0.0.0}", "is reachable from other machines; write `public: yes`"),
        ("monitor: {host: localhost}", '"localhost" is not an IP address'),
        ("log: loud", '"loud" is not known here; write one of auto, text, json'),
    ],
)
def test_a_mistake_in_what_is_seen_from_outside_is_told(problem, text, sentence):
    assert sentence in problem(text)


def test_the_monitor_is_for_this_machine_unless_somebody_says_otherwise(write):
    assert load(write("monitor: {port: 9464}")).monitor == MonitorSettings(port=9464, host="127.0.0.1")
    assert load(write("monitor: {port: 1, host: '::1'}")).monitor.host == "::1"
    assert load(write("monitor: {port: 1, host: 0.0.0.0, public: yes}")).monitor.host == "0.0.0.0"


def test_header_values_are_secrets_and_their_names_are_not(write):
    config = load(write("feeds: [{url: http://a.example, headers: {Authorization: Bearer abcdef}}]"))
    assert config.secrets == {"Bearer abcdef", "abcdef"}


def test_the_secrets_of_every_feed_are_known_however_many_have_none(write, monkeypatch):
    monkeypatch.setenv("PASSWORD", "123456")
    config = load(
        write(
            "feeds:\n- http://a.example\n- {url: http://b.example, name: B, tags: [b]}\n"
            "- {url: http://c.example, token: abcdef}\n- {url: http://d.example, cookies: {sid: ghijkl}}\n"
            "- {url: http://e.example, proxy: 'http://me:${PASSWORD}@proxy.example'}\n- http://f.example\n"
        )
    )
    assert config.secrets == {"Bearer abcdef", "abcdef", "ghijkl", "http://me:123456@proxy.example"}
