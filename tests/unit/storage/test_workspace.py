"""The workspace is private, and its logs do not grow for ever."""

import os
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from core.settings import Settings
from core.storage import workspace
from core.storage.workspace import DAY_SECONDS, LOG_BYTES, LOG_DAYS, prune_logs, rotate_log

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permissions of this kind")


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def in_a_process(folder: Path) -> None:
    """What a process of Graft does at its start, and some writing."""
    code = textwrap.dedent("""
        import sys
        from pathlib import Path
        from core.settings import Settings
        from core.storage.atomic import write_atomic
        from core.storage.workspace import protect_workspace

        settings = Settings(workspace=Path(sys.argv[1]))
        protect_workspace(settings)
        write_atomic(settings.runs / "1" / "report.json", lambda part: part.write_text("{}"), shared=True)
    """)
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, umask=0o022)


def test_a_new_workspace_is_private(tmp_path: Path):
    in_a_process(tmp_path / "new")
    created = [tmp_path / "new", *(tmp_path / "new").rglob("*")]
    assert len(created) == 4
    assert not any(permissions(path) & 0o077 for path in created)


def test_an_old_workspace_is_taken_from_other_accounts(tmp_path: Path):
    settings = Settings(workspace=tmp_path / "old")
    settings.originals.mkdir(parents=True)
    (settings.workspace / "catalog.sqlite3").touch()
    for path in (settings.workspace, settings.originals, settings.workspace / "catalog.sqlite3"):
        path.chmod(0o755)
    in_a_process(settings.workspace)
    assert permissions(settings.workspace) == permissions(settings.originals) == 0o700
    assert not permissions(settings.workspace / "catalog.sqlite3") & 0o077


def log(folder: Path, name: str, age: float = 0, size: int = 10) -> Path:
    path = folder / name
    with path.open("wb") as file:
        file.truncate(size)
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_old_logs_go(tmp_path: Path):
    young = log(tmp_path, "a.log", (LOG_DAYS - 1) * DAY_SECONDS)
    log(tmp_path, "b.log", (LOG_DAYS + 1) * DAY_SECONDS)
    other = log(tmp_path, "b.txt", (LOG_DAYS + 1) * DAY_SECONDS)
    prune_logs(tmp_path)
    assert sorted(tmp_path.iterdir()) == [young, other]


def test_the_oldest_of_too_many_logs_go(tmp_path: Path):
    newest = log(tmp_path, "a.log", 1, LOG_BYTES // 2)
    log(tmp_path, "b.log", 3, LOG_BYTES // 2)
    second = log(tmp_path, "c.log", 2, LOG_BYTES // 4)
    prune_logs(tmp_path)
    assert sorted(tmp_path.iterdir()) == [newest, second]
    prune_logs(tmp_path / "missing")


def test_a_large_log_is_renamed_and_replaces_the_one_before(tmp_path: Path):
    path = log(tmp_path, "dispatcher.log")
    rotate_log(path)
    assert path.exists()
    for _ in range(2):
        rotate_log(log(tmp_path, "dispatcher.log", size=workspace.DISPATCHER_LOG_BYTES + 1))
    assert [path.name for path in tmp_path.iterdir()] == ["dispatcher.log.1"]
