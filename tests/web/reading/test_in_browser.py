"""Reading, comparing and searching in Chromium: for everybody, at every width, by the keyboard alone."""

import json
from urllib.request import urlopen

import pytest


def posts(site, question: str) -> list[dict]:
    """Posts that answer a question."""
    with urlopen(f"{site.address}/search.json?{question}") as answer:
        return json.load(answer)["posts"]


@pytest.fixture(scope="session")
def edited(site) -> str:
    """The address of a post that was edited."""
    return f"/post/{posts(site, 'q=corrected')[0]['id']}"


@pytest.fixture(scope="session")
def addresses(site, edited) -> tuple[str, ...]:
    withdrawn, swedish = posts(site, "q=withdrawn:yes"), posts(site, "q=lang:sv")
    return (
        edited,
        f"{edited}?version=1",
        f"{edited}/diff",
        f"/post/{(withdrawn or swedish)[0]['id']}",
        f"/post/{swedish[0]['id']}",
        "/search",
        "/search?q=story",
        "/search?q=story&year=2026&as_of=2026-11-02",
        "/search?q=nothingofthekind+after:yesterday",
    )


@pytest.mark.slow
def test_axe_finds_nothing_wrong_in_light_and_dark(browser, addresses):
    found = {
        (path, dark): violations
        for path in addresses
        for dark in (False, True)
        if (violations := browser.open(path, dark=dark).violations())
    }
    assert found == {}


def test_no_page_is_wider_than_a_telephone_and_nothing_is_refused(browser, addresses):
    wide = {path: over for path in addresses if (over := browser.open(path, width=360).overflow()) > 0}
    assert wide == {}
    assert browser.complaints() == []


def press(browser, *keys: str) -> None:
    from selenium.webdriver import ActionChains

    for key in keys:
        ActionChains(browser.driver).send_keys(key).perform()


def tabbed_to(browser, selector: str, *, most: int = 80) -> None:
    """Press Tab until the focus is there."""
    from selenium.webdriver.common.keys import Keys

    for _ in range(most):
        press(browser, Keys.TAB)
        if browser.run("return document.activeElement.matches(arguments[0])", selector):
            return
    raise AssertionError(f"no way to {selector} by the Tab key")


def test_a_question_its_pages_and_a_post_are_reached_by_the_keyboard_alone(browser):
    from selenium.webdriver.common.keys import Keys

    browser.open("/search")
    tabbed_to(browser, "#question")
    press(browser, *"story", Keys.ENTER)
    assert "q=story" in browser.path
    assert browser.run("return document.querySelectorAll('.hits li').length") == 20
    assert browser.run("return document.querySelectorAll('mark').length") > 0
    tabbed_to(browser, "a[rel=next]")
    press(browser, Keys.ENTER)
    assert "page=" in browser.path
    tabbed_to(browser, ".hits h3 a")
    wanted = browser.run("return document.activeElement.textContent.trim()")
    press(browser, Keys.ENTER)
    assert browser.find("h1").text == wanted


def test_answers_are_narrowed_and_widened_again_by_the_keyboard_alone(browser):
    from selenium.webdriver.common.keys import Keys

    browser.open("/search?q=story")
    tabbed_to(browser, ".facets section:last-of-type a")
    press(browser, Keys.ENTER)
    assert "year=2026" in browser.path
    tabbed_to(browser, ".chips a")
    press(browser, Keys.ENTER)
    assert "year" not in browser.path


def test_any_two_versions_are_compared_by_the_keyboard_alone(browser, edited):
    from selenium.webdriver.common.keys import Keys

    browser.open(edited)
    tabbed_to(browser, "select[name=from]")
    press(browser, *"version 1")
    tabbed_to(browser, ".choose button")
    press(browser, Keys.ENTER)
    assert browser.path.startswith(f"{edited}/diff?")
    assert "from=1" in browser.path
    assert "corrected" in " ".join(one.text for one in browser.all("ins"))


def test_a_post_has_the_words_for_who_cannot_see_colours(browser, edited):
    browser.open(f"{edited}/diff")
    assert "line-through" in browser.run(
        "return getComputedStyle(document.querySelector('.diff del')).textDecorationLine"
    )
    assert "underline" in browser.run(
        "return getComputedStyle(document.querySelector('.diff ins')).textDecorationLine"
    )
    assert browser.run("return document.querySelector('.diff ins').textContent").startswith("[added: ")
