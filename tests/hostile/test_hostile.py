"""Both commands for a short time, one beside the other: a minute of hostile files, and five kills."""

import contextlib
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = (("tests.hostile.fuzz", "--seconds", "60"), ("tests.hostile.kills", "--count", "5"))


@pytest.mark.timeout(900)
def test_hostile_files_harm_nobody_and_killed_processes_lose_nothing():
    seed = str(random.SystemRandom().randrange(2**31))
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(run(*command, "--seed", seed)) for command in COMMANDS]
        said = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], "\n".join(said)


@contextlib.contextmanager
def run(*command: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a command; one that still runs at the end is interrupted, and then ends what it started."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
