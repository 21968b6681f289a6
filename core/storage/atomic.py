"""Files come to their place whole or not at all."""

from collections.abc import Callable
from pathlib import Path

from core.storage.disk import describe_disk_errors


def write_atomic(target: Path, fill: Callable[[Path], object]) -> Path:
    """Write a file beside its place and move it there.

    A process that is killed meanwhile leaves the old file, and a part that the next one overwrites: a run's folder
    has one writer at a time.

    Args:
        target: Where it shall be; its folder is created.
        fill: Writes the file at the path it is given, which has the target's suffix.

    Returns:
        The target.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    part = target.with_name(f".part.{target.name}")
    with describe_disk_errors(str(target)):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            fill(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return target
