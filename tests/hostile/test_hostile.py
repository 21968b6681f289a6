"""A minute of hostile files, and five kills, each from a new seed that is printed."""

import random

import pytest

from tests.hostile.fuzz import fuzz
from tests.hostile.kills import Killer
from tests.hostile.scene import open_scene

SECONDS = 60
KILLS = 5


@pytest.mark.timeout(900)
def test_hostile_files_harm_nobody_and_killed_processes_lose_nothing(tmp_path):
    seed = random.SystemRandom().randrange(2**31)
    print(f"Seed {seed}")  # noqa: T201 - pytest shows it if this fails
    with open_scene(tmp_path / "workspace") as scene:
        outcome = fuzz(scene, SECONDS, seed)
        assert not outcome.violations, outcome
        kills = Killer(scene, seed).run(KILLS)
        assert not kills.violations, kills
