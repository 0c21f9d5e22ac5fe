"""Packages that a library can do without are hidden while it loads, and only then."""

import subprocess
import sys

import pytest

from archiver.without import without

UNLOADED = "this"
"""A module of the standard library that nobody has loaded; it would print a poem."""


def test_inside_it_cannot_be_imported_and_afterwards_it_can_be_found_again():
    with without(UNLOADED), pytest.raises(ImportError):
        __import__(UNLOADED)
    assert UNLOADED not in sys.modules


def test_what_is_loaded_already_stays():
    with without("json"):
        import json
    assert json is sys.modules["json"]


def test_workers_are_ready_without_a_language_of_selectors():
    code = "import archiver.warm, sys; sys.exit('soupsieve' in sys.modules or 'bs4' not in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], check=False).returncode == 0
