"""The workspace as a folder: private to its owner, and without old logs."""

import contextlib
import os
import stat
import time
from pathlib import Path
from typing import Final

from core.settings import Settings
from core.storage.disk import describe_disk_errors

PRIVATE: Final = 0o077  # the permissions that nobody but the owner gets
LOG_DAYS: Final = 30
LOG_BYTES: Final = 100 * 1024**2
DISPATCHER_LOG_BYTES: Final = 5 * 1024**2
DAY_SECONDS: Final = 24 * 3600


def protect_workspace(settings: Settings) -> None:
    """Let this process create private files only, and take an existing workspace from other accounts.

    Windows has no such permissions; user folders are private there.

    Raises:
        WorkspaceError: The workspace cannot be created.
    """
    os.umask(PRIVATE)
    with describe_disk_errors(str(settings.workspace)):
        settings.workspace.mkdir(parents=True, exist_ok=True)
    folders = (
        settings.originals,
        settings.thumbnails,
        settings.uploads,
        settings.datasets,
        settings.cache,
        settings.runs,
        settings.predictions,
        settings.logs,
    )
    for path in (settings.workspace, *folders, *settings.workspace.glob("catalog.*")):
        with contextlib.suppress(OSError):  # missing, or of another account that shares it on purpose
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & PRIVATE:
                path.chmod(mode & ~PRIVATE)


def prune_logs(folder: Path, now: float | None = None) -> None:
    """Remove logs of jobs that are older than 30 days, and the oldest ones beyond 100 MiB altogether."""
    oldest = (time.time() if now is None else now) - LOG_DAYS * DAY_SECONDS
    total = 0
    for modified, size, path in sorted(_logs(folder), reverse=True):
        total += size
        if modified < oldest or total > LOG_BYTES:
            with contextlib.suppress(OSError):  # on Windows, the log of a running job
                path.unlink(missing_ok=True)


def rotate_log(path: Path) -> None:
    """Rename a log that has become large, which replaces the one before."""
    with contextlib.suppress(OSError):
        if path.stat().st_size > DISPATCHER_LOG_BYTES:
            path.replace(path.with_name(f"{path.name}.1"))


def _logs(folder: Path) -> list[tuple[float, int, Path]]:
    found = []
    for path in folder.glob("*.log"):
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    return found
