"""What the pages tell: what is new, what became of it, how each feed is, and when it was fetched."""

import re

import pytest


def feed_named(site, name: str) -> str:
    """The address of a feed's page."""
    found = re.search(rf'href="(/feed/\d+)"><bdi[^>]*>{name}', site.get("/feeds").text)
    assert found, name
    return found[1]


def test_the_first_page_tells_how_much_there_is_and_what_happened_of_late(site):
    page = site.get("/").text
    assert re.search(r"<h1[^>]*>7\d posts from 7 feeds", page)
    assert "Story 25, corrected" in page
    assert page.count('class="change is-') >= 3
    assert '<svg class="calendar"' in page


def test_every_link_of_the_pages_leads_somewhere(site):
    seen: set[str] = set()
    ours = ["/", "/feeds", "/changes", feed_named(site, "News of the valley")]
    for path in ours:
        seen.update(re.findall(r'href="(/[^"]*)"', site.get(path).text))
    assert len(seen) > 60
    wrong = {path: site.get(path.replace("&amp;", "&")).status for path in sorted(seen)}
    assert {path: status for path, status in wrong.items() if status not in (200, 303)} == {}


def test_feeds_are_found_by_name_tag_and_health_and_ordered(site):
    assert "News of the valley" in site.get("/feeds?words=VALLEY+news").text
    assert "1 feed" in site.get("/feeds?words=VALLEY+news").text
    assert "No feed is like that" in site.get("/feeds?tag=nobody").text
    assert "7 feeds" in site.get("/feeds?health=paused").text
    sizes = [
        int(size) for size in re.findall(r"<span>(\d+) posts?</span>", site.get("/feeds?sort=size").text)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 7


def test_a_feed_is_told_with_its_plot_its_posts_its_changes_and_its_log(site):
    page = site.get(feed_named(site, "News of the valley")).text
    assert "About News of the valley" in page
    assert "28 posts from 1 October 2026" in page
    assert "The same as a table" in page
    for kind in ("edited", "withdrawn", "returned"):
        assert f'class="mark is-{kind}">{kind}' in page
    assert "28 new entries" in page
    assert "only replayed, never asked" in page
    assert re.search(r'href="/body/\d+"', page)


def test_a_feeds_posts_are_paged_to_the_last(site):
    path = feed_named(site, "News of the valley")
    titles: list[str] = []
    address = path
    while address:
        page = site.get(address).text
        posts = page[page.index('<ul class="posts">') : page.index('id="changed"')]
        titles += re.findall(r'href="/post/\d+"><bdi[^>]*>([^<]+)', posts)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        address = older[1].replace("&amp;", "&") if older else ""
    assert len(titles) == len(set(titles)) == 28
    assert titles[0] == "Story 28"
    assert titles[-1] == "Story 1"


@pytest.mark.parametrize(("kind", "more"), [("edited", 7), ("withdrawn", 1), ("returned", 1), ("gap", 0)])
def test_changes_are_told_by_kind(site, kind, more):
    page = site.get(f"/changes?kind={kind}").text
    assert len(re.findall(r'class="change is-(\w+)"', page)) == more
    assert set(re.findall(r'class="change is-(\w+)"', page)) <= {kind}


@pytest.mark.parametrize(
    "path",
    [
        "/feed/999",
        "/feed/99999999999999999999",
        "/nowhere",
        "/feed/1/x",
        "/changes?feed=999",
        "/%00",
        "/_internal",
    ],
)
def test_what_is_not_there_is_told_so_on_a_page_of_ours(site, path):
    answer = site.get(path)
    assert answer.status == 404
    assert "Not in the archive" in answer.text


@pytest.mark.parametrize(
    "query",
    ["after=x", "after=%00", "page=-1", "page=99999999999999999999", "sort=%27", "kind=%3Cb%3E", "feed=x"],
)
@pytest.mark.parametrize("path", ["/", "/feeds", "/feed/1", "/feed/1/fetches", "/changes"])
def test_no_parameter_breaks_a_page(site, path, query):
    assert site.get(f"{path}?{query}").status in (200, 400, 404)


def test_files_are_kept_by_browsers_for_good_and_carry_their_digest(site):
    address = re.search(r'href="(/-/archiver/[0-9a-f]+/style\.css)"', site.get("/").text)[1]
    answer = site.get(address)
    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]
    assert site.get("/-/archiver/0/nothing.css").status == 404


def test_a_person_goes_from_the_first_page_to_a_feed_by_keyboard(browser):
    from selenium.webdriver.common.keys import Keys

    browser.open("/")
    browser.find("body").send_keys(Keys.TAB)
    assert browser.run("return document.activeElement.className") == "skip"
    browser.run("return document.activeElement").send_keys(Keys.ENTER)
    assert browser.run("return document.activeElement.id") == "main"
    for _ in range(40):
        browser.run("return document.activeElement").send_keys(Keys.TAB)
        if "/feed/" in str(browser.run("return document.activeElement.href")):
            break
    browser.run("return document.activeElement").send_keys(Keys.ENTER)
    assert re.fullmatch(r"/feed/\d+", browser.path)


def test_a_hostile_feed_runs_nothing_and_changes_no_page(browser):
    hostile = "/feed/6"
    for path in ("/", "/feeds", hostile, f"{hostile}/fetches", "/changes"):
        page = browser.open(path)
        assert "hurt" not in page.title.split("·")[0].replace("document.title='hurt'", "")
        for element in page.all("bdi, h3 a, dd")[:30]:
            page.run("arguments[0].dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))", element)
        assert page.run("return document.title") != "hurt"
        assert page.run("return document.scripts.length + document.images.length") == 0
        assert page.run("return document.querySelectorAll('[onerror],[onmouseover]').length") == 0
        assert "\u202e" not in page.driver.page_source
