"""The errors of a disk as sentences for a person."""

import contextlib
import errno
from collections.abc import Iterator

from core.errors import WorkspaceError


@contextlib.contextmanager
def describe_disk_errors(
    what: str, hint: str = "Free some space and try again; what was stored is safe."
) -> Iterator[None]:
    """Turn what the disk refuses into a sentence.

    Args:
        what: What is being written, as the sentence's subject.
        hint: What to do when the disk is full.

    Raises:
        WorkspaceError: The disk is full, the workspace was deleted, or it may not be written to.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WorkspaceError(f"The disk is full: {what} cannot be written.", hint) from error
        reason = error.strerror or type(error).__name__
        raise WorkspaceError(
            f"{what} cannot be written: {reason}.", "Check that the workspace exists and may be written to."
        ) from error
