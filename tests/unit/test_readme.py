"""The README says what the code does."""

import re
from pathlib import Path

import pytest

from core.settings import VARIABLES
from tests.runtime_only import pins

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_its_table_of_settings_is_the_registry():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", README, re.MULTILINE)
    assert dict(rows) == VARIABLES


def test_its_pictures_are_there():
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert all((Path(__file__).parents[2] / picture).is_file() for picture in pictures)


def test_the_test_of_each_promise_is_there():
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", README)
    assert named
    root = Path(__file__).parents[2]
    missing = [name for file, name in named if f"def {name}(" not in (root / file).read_text(encoding="utf-8")]
    assert missing == []


@pytest.mark.parametrize("more", ["requirements-dev.txt", "requirements-gpu.txt"])
def test_what_is_tested_is_what_a_person_installs(more):
    assert pins("requirements.txt").items() <= pins(more).items()
