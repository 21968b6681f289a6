"""Removing from the disk what nothing needs any more: uploads, and what a deleted project leaves behind."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from core.catalog.projects import OrphanedFiles
from core.settings import Settings
from core.storage.blobs import OriginalStore


def delete_project_files(settings: Settings, leftovers: OrphanedFiles) -> None:
    """Remove the images and runs of a deleted project. What is already gone is passed over, so it can be done again.

    Args:
        settings: Where the files lie.
        leftovers: As `core.catalog.projects.delete_project` gave them; images of other projects are not among them.

    Raises:
        WorkspaceError: An image cannot be removed.
    """
    store = OriginalStore(settings.originals, settings.thumbnails)
    for digest in leftovers.digests:
        store.remove(digest)
    remove_uploads(settings, map(Path, leftovers.uploads))
    (settings.datasets / f"{leftovers.project}.zip").unlink(missing_ok=True)
    for run in leftovers.runs:
        shutil.rmtree(settings.runs / run, ignore_errors=True)
        (settings.logs / f"{run}.log").unlink(missing_ok=True)


def remove_uploads(settings: Settings, paths: Iterable[Path]) -> None:
    """Remove uploaded files and folders; nothing outside the folder of uploads is ever removed."""
    uploads = settings.uploads.resolve()
    for path in paths:
        if uploads not in path.resolve().parents:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        parent = path.resolve().parent
        if parent != uploads and parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
