"""Image files: originals and thumbnails, each stored once under the digest of the original.

Which image belongs to which project, and when a file may be removed because nothing refers to it, is decided by
`core.catalog`.
"""

import contextlib
import math
import shutil
import time
from pathlib import Path

from core.storage.atomic import write_atomic
from core.storage.disk import describe_disk_errors

INCOMING = ".incoming"
STALE_SECONDS = 24 * 3600


class OriginalStore:
    """Originals at `ab/<digest>`, thumbnails at `ab/<digest>.jpg`, where `ab` are the digest's first two letters.

    Args:
        originals: Folder of the uploaded files; created by the first write.
        thumbnails: Folder of the thumbnails; created by the first write.
    """

    def __init__(self, originals: Path, thumbnails: Path) -> None:
        self.originals = originals
        self.thumbnails = thumbnails

    def path(self, digest: str) -> Path:
        """Path of an original, whether or not it exists."""
        return self.originals / digest[:2] / digest

    def thumbnail_path(self, digest: str) -> Path:
        """Path of a thumbnail, whether or not it exists."""
        return self.thumbnails / digest[:2] / f"{digest}.jpg"

    def has(self, digest: str) -> bool:
        """Whether the original exists."""
        return self.path(digest).is_file()

    def scratch(self) -> Path:
        """Return a folder on the originals' disk for files that are being checked; removes files older than a day.

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
            source: The file. It is copied unless `move` is given.
            digest: SHA-256 of its bytes, in hex.
            move: Move the file itself, which must be on the same disk (see `scratch`).

        Returns:
            Path of the original.

        Raises:
            WorkspaceError: The disk is full or not writable.
        """
        target = self.path(digest)
        if move:
            with describe_disk_errors(str(target)):
                target.parent.mkdir(parents=True, exist_ok=True)
                source.replace(target)
        else:
            write_atomic(target, lambda part: shutil.copyfile(source, part), shared=True)
        return target

    def put_thumbnail(self, digest: str, jpeg: bytes) -> None:
        """Store the thumbnail of a digest.

        Raises:
            WorkspaceError: The disk is full or not writable.
        """
        write_atomic(self.thumbnail_path(digest), lambda part: part.write_bytes(jpeg), shared=True)

    def remove(self, digest: str, before: float = math.inf) -> None:
        """Remove the original and the thumbnail, where they exist.

        Args:
            digest: Of the original.
            before: UTC seconds; files that were written later stay.

        Raises:
            WorkspaceError: The disk is not writable.
        """
        for path in (self.path(digest), self.thumbnail_path(digest)):
            with describe_disk_errors(str(path)), contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime <= before:
                    path.unlink()


def _remove_stale(folder: Path) -> None:
    oldest = time.time() - STALE_SECONDS
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
