"""Removes files that nothing needs any more: uploads, and the files of a deleted project or run."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from core.catalog.projects import OrphanedFiles
from core.settings import Settings
from core.storage.blobs import OriginalStore


def delete_project_files(settings: Settings, orphaned: OrphanedFiles) -> None:
    """Remove the images and runs of a deleted project. Missing files are ignored, so it can be repeated.

    Args:
        settings: Where the files are.
        orphaned: From `core.catalog.projects.delete_project`; has no image that another project uses.

    Raises:
        WorkspaceError: An image cannot be removed.
    """
    store = OriginalStore(settings.originals, settings.thumbnails)
    for digest in orphaned.digests:
        store.remove(digest)
    remove_uploads(settings, map(settings.resolve, orphaned.uploads))
    (settings.datasets / f"{orphaned.project}.zip").unlink(missing_ok=True)
    for run in orphaned.runs:
        delete_run_files(settings, run)


def delete_run_files(settings: Settings, run_id: str) -> None:
    """Remove the model, results, bundles and log of a deleted run. Missing files are ignored."""
    shutil.rmtree(settings.runs / run_id, ignore_errors=True)
    (settings.logs / f"{run_id}.log").unlink(missing_ok=True)


def remove_uploads(settings: Settings, paths: Iterable[Path]) -> None:
    """Remove uploaded files and folders; paths outside the folder of uploads are ignored."""
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
