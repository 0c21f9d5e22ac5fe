"""Versions of the libraries that hostile bytes meet first."""

import pytest

from archiver.versions import Library, libraries


def test_the_four_libraries_of_this_process_are_named_with_their_versions():
    assert [one.name for one in libraries()] == ["SQLite", "expat", "OpenSSL", "libxml2"]
    assert all(one.version[0].isdigit() for one in libraries())


@pytest.mark.parametrize(
    ("version", "warns"),
    [("2.5.0", True), ("2.7.1", True), ("2.7.2", False), ("2.10.0", False), ("3", False)],
)
def test_a_version_below_its_floor_is_warned_of_by_number_not_by_letters(version, warns):
    library = Library(name="expat", version=version, floor="2.7.2", below="it is weak")
    assert (library.warning is not None) == warns


def test_the_warning_says_what_is_weak_and_what_to_do():
    warning = Library(name="expat", version="2.5.0", floor="2.7.2", below="it is weak").warning
    assert warning == (
        "expat 2.5.0 is older than 2.7.2: it is weak; update it, unless your system has mended it"
        " under the old number"
    )
