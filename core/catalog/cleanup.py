"""Removes files that nothing needs any more: of deleted images, runs and projects, and uploads.

What was made of an image goes with it: its thumbnail, working copies, activations and explanations.
"""

import contextlib
import re
import shutil
import time
import zipfile
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import aliased

from core.catalog.database import Database, chunks
from core.catalog.edits import forget_edits
from core.catalog.projects import OrphanedFiles, delete_project, delete_unused_images, expired_projects
from core.catalog.schema import EventRow, ItemRow, JobRow, LabelRow
from core.errors import NotFoundError
from core.jobs.events import Ended, load_event
from core.jobs.specs import ExplainSpec, IngestSpec
from core.settings import Settings
from core.storage.arrays import ArrayStore
from core.storage.blobs import OriginalStore

TABLE_NAME: Final = "labels.csv"  # in an exported zip
DIGEST: Final = re.compile(rb"\b[0-9a-f]{64}\b")


def delete_for_good(database: Database, settings: Settings, project_id: str) -> None:
    """Delete a project, in the trash or not, with all its files; nothing of it can come back.

    Raises:
        NotFoundError: There is no such project.
        WorkspaceError: An image cannot be removed.
    """
    delete_project_files(database, settings, delete_project(database, project_id))
    database.truncate_log()


def delete_expired_projects(database: Database, settings: Settings, now: float | None = None) -> None:
    """Delete for good what has been in the trash for `core.catalog.projects.TRASH_DAYS`.

    Args:
        database: The catalog.
        settings: Where the files are.
        now: UTC seconds; None for the clock's.

    Raises:
        WorkspaceError: An image cannot be removed.
    """
    for project_id in expired_projects(database, now):
        with contextlib.suppress(NotFoundError):  # another process was faster
            delete_for_good(database, settings, project_id)


def find_failed_samples(database: Database) -> dict[str, str]:
    """Return the projects that hold nothing because their sample set could not be added, with the id of that job."""
    other = aliased(JobRow)
    at_work = select(other.id).where(other.project_id == JobRow.project_id, other.status.in_(("queued", "running")))
    held = [select(table.id).where(table.project_id == JobRow.project_id) for table in (ItemRow, LabelRow)]
    failed = select(JobRow).where(JobRow.kind == IngestSpec.kind_name(), JobRow.status == "failed")
    with database.read() as session:
        jobs = session.scalars(failed.where(*(~one.exists() for one in (*held, at_work)))).all()
    return {job.project_id: job.id for job in jobs if job.arguments.get("sample")}


def delete_failed_samples(database: Database, settings: Settings) -> list[str]:
    """Delete what `find_failed_samples` finds; return why each could not be added, in a sentence or two."""
    reasons = []
    for project_id, job_id in find_failed_samples(database).items():
        with contextlib.suppress(NotFoundError):  # another tab was faster
            reasons.append(_reason(database, job_id))
            delete_for_good(database, settings, project_id)
    return reasons


def _reason(database: Database, job_id: str) -> str:
    last = select(EventRow.body).where(EventRow.job_id == job_id).order_by(EventRow.number.desc()).limit(1)
    with database.read() as session:
        body = session.scalar(last)
    event = None if body is None else load_event(body)
    return f"{event.reason} {event.hint}".strip() if isinstance(event, Ended) else "The sample set could not be added."


def delete_project_files(database: Database, settings: Settings, orphaned: OrphanedFiles) -> None:
    """Remove the images, runs and logs of a deleted project. Missing files are ignored, so it can be repeated.

    Args:
        database: The catalog.
        settings: Where the files are.
        orphaned: From `core.catalog.projects.delete_project`; has no image that another project uses.

    Raises:
        WorkspaceError: An image cannot be removed.
    """
    remove_uploads(settings, map(settings.resolve, orphaned.uploads))
    delete_exported_dataset(settings, orphaned.project)
    for run in orphaned.runs:
        delete_run_files(settings, run)
    for job in orphaned.jobs:
        shutil.rmtree(settings.predictions / job, ignore_errors=True)
        (settings.logs / f"{job}.log").unlink(missing_ok=True)
    delete_image_files(database, settings, orphaned.digests)


def delete_image_files(database: Database, settings: Settings, digests: Collection[str]) -> None:
    """Remove originals, thumbnails, working copies, activations and heat maps of images that no row refers to any more.

    An original that was stored again meanwhile stays.

    Raises:
        WorkspaceError: A file cannot be removed.
    """
    if not digests:
        return
    delete_explanations(database, settings, digests=digests)
    _delete_zips_with(settings, digests)
    now = time.time()
    store = OriginalStore(settings.originals, settings.thumbnails)
    for digest in digests:
        store.remove(digest, before=now)
    ArrayStore(settings.arrays, settings.cache_bytes).remove(digests)


def delete_unused_image_files(database: Database, settings: Settings) -> None:
    """Remove all images that no project uses, such as those whose deletion can no longer be undone.

    The heat maps of uploads that were removed go with them.

    Raises:
        WorkspaceError: A file cannot be removed.
    """
    with database.write() as session:
        digests = delete_unused_images(session)
        arguments = session.scalars(select(JobRow.arguments).where(JobRow.kind == ExplainSpec.kind_name()))
        paths = {one.get("path") for one in arguments}
    gone = [path for path in paths if isinstance(path, str) and not settings.resolve(path).exists()]
    delete_explanations(database, settings, paths=gone)
    delete_image_files(database, settings, digests)


def delete_explanations(
    database: Database, settings: Settings, *, digests: Collection[str] = (), paths: Collection[str] = ()
) -> None:
    """Remove the heat maps of images, and the jobs that made them.

    Args:
        database: The catalog.
        settings: Where the files are.
        digests: Digests of images of projects.
        paths: Paths of other images, relative to the workspace.
    """
    digests, paths = set(digests), set(paths)
    with database.write() as session:
        jobs = session.scalars(select(JobRow).where(JobRow.kind == ExplainSpec.kind_name())).all()
        found = [job for job in jobs if job.arguments.get("digest") in digests or job.arguments.get("path") in paths]
        results = [(job.result or {}).get(key) for job in found for key in ("image", "heatmap")]
        for chunk in chunks([job.id for job in found]):
            session.execute(delete(JobRow).where(JobRow.id.in_(chunk)))
    for path in results:
        if isinstance(path, str) and settings.resolve(path).is_relative_to(settings.runs):
            settings.resolve(path).unlink(missing_ok=True)
    for job in found:
        (settings.logs / f"{job.id}.log").unlink(missing_ok=True)


def forget_deleted_images(database: Database, settings: Settings, project_id: str) -> None:
    """Remove a project's deleted images for good; none of its changes can be undone afterwards.

    Raises:
        NotFoundError: There is no such project.
        WorkspaceError: A file cannot be removed.
    """
    digests = forget_edits(database, project_id)
    delete_exported_dataset(settings, project_id)
    delete_image_files(database, settings, digests)
    database.truncate_log()


def _delete_zips_with(settings: Settings, digests: Collection[str]) -> None:
    """Remove the exported zips that hold one of these images; their tables name the digests."""
    wanted = {digest.encode() for digest in digests}
    for path in settings.datasets.glob("*.zip"):
        with contextlib.suppress(FileNotFoundError, zipfile.BadZipFile):
            with zipfile.ZipFile(path) as archive:
                tables = [archive.read(name) for name in archive.namelist() if name.endswith(f"/{TABLE_NAME}")]
            if any(wanted.intersection(DIGEST.findall(table)) for table in tables):
                path.unlink()


def delete_exported_dataset(settings: Settings, project_id: str) -> None:
    """Remove the zip of a project's images."""
    (settings.datasets / f"{project_id}.zip").unlink(missing_ok=True)


def delete_run_files(settings: Settings, run_id: str) -> None:
    """Remove the model, results, bundles and log of a deleted run. Missing files are ignored."""
    shutil.rmtree(settings.runs / run_id, ignore_errors=True)
    (settings.logs / f"{run_id}.log").unlink(missing_ok=True)


def delete_predictions(database: Database, settings: Settings, job_id: str) -> None:
    """Remove the predictions of files, the copies of their images, and the job that made them."""
    shutil.rmtree(settings.predictions / job_id, ignore_errors=True)
    (settings.logs / f"{job_id}.log").unlink(missing_ok=True)
    with database.write() as session:
        arguments = session.scalar(select(JobRow.arguments).where(JobRow.id == job_id)) or {}
        session.execute(delete(JobRow).where(JobRow.id == job_id))
    if isinstance(folder := arguments.get("folder"), str):
        remove_uploads(settings, [settings.resolve(folder)])  # of a job that was stopped


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
