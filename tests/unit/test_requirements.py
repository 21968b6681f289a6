"""What pip installs is pinned by version and by hash."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[a-z0-9,-]+\])?(?P<rest>.*)$")


@pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-gpu"])
def test_every_requirement_has_one_version_and_a_hash(name):
    # A requirement and its hashes are one line, continued by backslashes; comments stand on lines of their own.
    lines = (ROOT / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    pinned = [line for line in lines if line and not line.lstrip().startswith("#")]
    loose = [line[:60] for line in pinned if not re.match(r"^\S+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)]
    assert pinned
    assert loose == []


@pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-gpu"])
def test_every_dependency_that_was_chosen_is_pinned(name):
    chosen = [line for line in (ROOT / f"{name}.in").read_text(encoding="utf-8").splitlines() if line[:1].isalpha()]
    pinned = (ROOT / f"{name}.txt").read_text(encoding="utf-8")
    names = [REQUIREMENT.match(line)["name"] for line in chosen]
    assert names
    assert [one for one in names if not re.search(rf"^{re.escape(one)}(\[|==)", pinned, re.MULTILINE)] == []
