"""What every page has: everybody can use it, at every width, in light and dark, and nothing is refused."""

import pytest

PAGES = [
    "/",
    "/feed/7",
    "/changes",
    *(
        pytest.param(path, marks=pytest.mark.slow)
        for path in ("/feeds", "/feed/1", "/feed/7/fetches", "/feed/6", "/nowhere", "/feeds?tag=none")
    ),
]
"""Feed 6 is the hostile one; feed 7 has a past."""


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_wrong_in_light_and_dark(browser, path):
    for dark in (False, True):
        assert browser.open(path, dark=dark).violations() == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_no_wider_than_a_telephone(browser, path):
    assert browser.open(path, width=360).overflow() <= 0


@pytest.mark.parametrize("path", PAGES)
def test_nothing_that_a_page_needs_is_refused_and_nothing_comes_from_elsewhere(browser, path):
    browser.open(path)
    assert [line for line in browser.complaints() if "404" not in line] == []
    loaded = browser.run("return performance.getEntriesByType('resource').map(one => one.name)")
    assert all(address.startswith(browser.site.address) for address in loaded)
    assert browser.run("return document.scripts.length") == 0
