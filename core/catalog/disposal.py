"""Removing from the disk what a deleted project leaves behind."""

import shutil

from core.catalog.originals import OriginalStore
from core.catalog.projects import Leftovers
from core.settings import Settings


def delete_project_files(settings: Settings, leftovers: Leftovers) -> None:
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
    (settings.datasets / f"{leftovers.project}.zip").unlink(missing_ok=True)
    for run in leftovers.runs:
        shutil.rmtree(settings.runs / run, ignore_errors=True)
        (settings.logs / f"{run}.log").unlink(missing_ok=True)
