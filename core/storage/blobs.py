"""Where the bytes of images lie: originals and thumbnails, each stored once under the digest of the original.

This module decides paths and how a file comes to its place whole or not at all. Which image belongs to which project,
and when a file may go because nothing refers to it any more, is the catalog's business.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from core.storage.disk import describe_disk_errors

INCOMING = ".incoming"
STALE_SECONDS = 24 * 3600


class OriginalStore:
    """Originals at `ab/<digest>`, thumbnails at `ab/<digest>.jpg`, where `ab` are the digest's first two letters.

    Args:
        originals: Folder of the uploaded files; created when first written to.
        thumbnails: Folder of the small pictures; created when first written to.
    """

    def __init__(self, originals: Path, thumbnails: Path) -> None:
        self.originals = originals
        self.thumbnails = thumbnails

    def path(self, digest: str) -> Path:
        """Where the original lies, or would lie."""
        return self.originals / digest[:2] / digest

    def thumbnail_path(self, digest: str) -> Path:
        """Where the thumbnail lies, or would lie."""
        return self.thumbnails / digest[:2] / f"{digest}.jpg"

    def has(self, digest: str) -> bool:
        """Whether the original is there."""
        return self.path(digest).is_file()

    def scratch(self) -> Path:
        """A folder on the originals' disk for files on their way in; what is older than a day in it is removed.

        Raises:
            WorkspaceError: The disk is full or not writable.
        """
        folder = self.originals / INCOMING
        with describe_disk_errors(str(folder)):
            folder.mkdir(parents=True, exist_ok=True)
            _remove_stale(folder)
        return folder

    def put_file(self, source: Path, digest: str, *, move: bool = False) -> Path:
        """Store a file as the original of a digest.

        Args:
            source: The file. It stays where it is unless `move` is given.
            digest: SHA-256 of its bytes, in hex.
            move: Take the file itself, which must lie on the same disk (see `scratch`).

        Returns:
            Where it lies now.

        Raises:
            WorkspaceError: The disk is full or not writable.
        """
        target = self.path(digest)
        if move:
            with describe_disk_errors(str(target)):
                target.parent.mkdir(parents=True, exist_ok=True)
                source.replace(target)
        else:
            _write(target, lambda temporary: shutil.copyfile(source, temporary))
        return target

    def put_thumbnail(self, digest: str, jpeg: bytes) -> None:
        """Store the thumbnail of a digest.

        Raises:
            WorkspaceError: The disk is full or not writable.
        """
        _write(self.thumbnail_path(digest), lambda temporary: temporary.write_bytes(jpeg))

    def remove(self, digest: str) -> None:
        """Remove the original and the thumbnail, where they are there.

        Raises:
            WorkspaceError: The disk is not writable.
        """
        for path in (self.path(digest), self.thumbnail_path(digest)):
            with describe_disk_errors(str(path)):
                path.unlink(missing_ok=True)


def _write(target: Path, fill: Callable[[Path], object]) -> None:
    with describe_disk_errors(str(target)):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            fill(temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def _remove_stale(folder: Path) -> None:
    oldest = time.time() - STALE_SECONDS
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
