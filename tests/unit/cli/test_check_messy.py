"""`python -m core check` on awkward files: no traceback, every file accounted for, little memory."""

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.data

MOST_BYTES = 500 * 1000**2
POLL_SECONDS = 0.1


def family_bytes(process: psutil.Process) -> int:
    """Resident memory of a process and its descendants."""
    total = 0
    try:
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.NoSuchProcess:
        pass  # it ended in the meantime
    return total


def test_each_messy_file_is_accepted_or_rejected_within_500_mb(sample_data: Path, tmp_path: Path):
    messy = sample_data / "messy"
    command = [sys.executable, "-m", "core", "check", str(messy), "--json"]
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err)
        peak = 0
        while process.poll() is None:
            peak = max(peak, family_bytes(psutil.Process(process.pid)))
            try:
                process.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    assert process.returncode == 0
    assert "Traceback" not in (tmp_path / "err").read_text()
    result = json.loads((tmp_path / "out").read_text())
    assert all(isinstance(result[part], list) for part in ("taken", "refused", "findings"))
    accounted = sorted(Path(one["file"]).name for one in result["taken"] + result["refused"])
    assert accounted == sorted(path.name for path in messy.iterdir())
    assert all(one["reason"] for one in result["refused"])
    assert 0 < peak < MOST_BYTES, f"{peak / 1e6:.0f} MB"
