"""Errors of the disk as sentences for a person."""

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core.errors import WorkspaceError

FREE_SPACE: Final = "Free some space and try again; what was stored is safe."
MIN_FREE_BYTES: Final = 1024**3
GIGABYTE: Final = 1000**3
CHECK_WORKSPACE: Final = "Check that the workspace exists and may be written to."


def is_disk_full(error: OSError) -> bool:
    """Whether a write failed because the disk or the person's quota is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def disk_error(
    what: str, error: OSError, *, full_hint: str = FREE_SPACE, hint: str = CHECK_WORKSPACE
) -> WorkspaceError:
    """Describe a failed write.

    Args:
        what: What was being written; the sentence's subject.
        error: What the system raised.
        full_hint: What to do when the disk is full.
        hint: What to do otherwise.
    """
    if is_disk_full(error):
        return WorkspaceError(f"The disk is full: {what} cannot be written.", full_hint)
    return WorkspaceError(f"{what} cannot be written: {error.strerror or type(error).__name__}.", hint)


def check_free_space(folder: Path, n_bytes: int = 0) -> None:
    """Check that an upload leaves room for everything else that has to be written, such as the catalog and runs.

    Args:
        folder: A folder on the disk, existing or not.
        n_bytes: Size of the upload.

    Raises:
        WorkspaceError: Less than 1 GiB would stay free.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free - n_bytes < MIN_FREE_BYTES:
        raise WorkspaceError(
            f"The disk has {free / GIGABYTE:.1f} GB free, too little for these {n_bytes / GIGABYTE:.1f} GB: 1 GB must "
            "stay free.",
            "Free some space, then add them again.",
        )


@contextlib.contextmanager
def describe_disk_errors(what: str, full_hint: str = FREE_SPACE, hint: str = CHECK_WORKSPACE) -> Iterator[None]:
    """Raise `disk_error` instead of an `OSError`; arguments as there.

    Raises:
        WorkspaceError: The disk is full, the workspace was deleted, or it may not be written to.
    """
    try:
        yield
    except OSError as error:
        raise disk_error(what, error, full_hint=full_hint, hint=hint) from error
