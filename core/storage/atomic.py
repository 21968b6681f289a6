"""Atomic writes: a file or folder appears at its path complete, or not at all."""

import contextlib
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from core.storage.disk import describe_disk_errors

PART_PREFIX: Final = ".part"
STALE_SECONDS: Final = 24 * 3600


def write_atomic(target: Path, fill: Callable[[Path], object], *, shared: bool = False) -> Path:
    """Write a file beside its path and move it there, with disk errors as sentences.

    Args:
        target: The file's path; its folder is created.
        fill: Writes the file at the path it is given, which has the target's suffix.
        shared: As in `atomic_path`.

    Returns:
        The target.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    with describe_disk_errors(str(target)), atomic_path(target, shared=shared) as part:
        fill(part)
    return target


@contextlib.contextmanager
def atomic_path(target: Path, *, shared: bool = False) -> Iterator[Path]:
    """Yield a path to write to; on leaving without an error, what was written is moved to the target.

    A file replaces the one that was there. A folder replaces only an empty one.

    Args:
        target: The path of a file or folder; its parent is created.
        shared: Whether several processes may write this target at once. Each then writes its own part, and the part of
            a killed process is removed a day later. Otherwise the next writer overwrites it.

    Raises:
        OSError: The disk is full or not writable.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if shared:
        _remove_stale_parts(target.parent)
        part = target.with_name(f"{PART_PREFIX}-{secrets.token_hex(8)}{target.suffix}")
    else:
        part = target.with_name(f"{PART_PREFIX}.{target.name}")
        _remove(part)
    try:
        yield part
        part.replace(target)
    finally:
        _remove(part)


@lru_cache(maxsize=4096)  # once a folder and process: listing a folder at every write would cost more than the write
def _remove_stale_parts(folder: Path) -> None:
    oldest = time.time() - STALE_SECONDS
    for part in folder.glob(f"{PART_PREFIX}-*"):
        with contextlib.suppress(OSError):
            if part.stat().st_mtime < oldest:
                _remove(part)


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)
