"""Queues jobs and reads their events, for pages. Imports no framework and no Dask."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.catalog import jobs, runs
from core.catalog.database import Database
from core.catalog.schema import new_id
from core.dataset.manifest_file import save_manifest
from core.dataset.project import project_bit_depth, project_manifest
from core.errors import InputError, WorkspaceError
from core.jobs.events import Event, load_event
from core.jobs.specs import IngestSpec, Spec
from core.settings import Settings
from core.storage.disk import describe_disk_errors
from core.storage.workspace import rotate_log
from core.training.recipe import Recipe, dump_recipe

LOCK_NAME = "dispatcher.lock"
PID_NAME = "dispatcher.pid"
LOG_NAME = "dispatcher.log"
_ROOT = Path(__file__).parents[2]


def submit(database: Database, settings: Settings, project_id: str, spec: Spec) -> str:
    """Queue a job and give its id.

    Raises:
        NotFoundError: There is no such project.
        WorkspaceError: The workspace cannot be written.
    """
    job_id = jobs.add_job(database, project_id, spec)
    ensure_dispatcher(settings)
    return job_id


def submit_files(database: Database, settings: Settings, project_id: str, spec: IngestSpec) -> str:
    """Queue an intake of a few files and give its id; a waiting one that differs only in its files takes them too.

    Raises:
        NotFoundError: There is no such project.
        WorkspaceError: The workspace cannot be written.
    """
    job_id = jobs.add_paths(database, project_id, spec)
    ensure_dispatcher(settings)
    return job_id


def submit_run(database: Database, settings: Settings, project_id: str, recipe: Recipe, name: str = "") -> str:
    """Queue a training and give its id.

    The run learns from the images, labels and splits as they are now: the manifest is written before the run is queued,
    and the recipe gets the bit depth of these images.

    Raises:
        NotFoundError: There is no such project.
        WorkspaceError: The workspace cannot be written.
    """
    run_id = new_id()
    with describe_disk_errors(str(settings.runs)):
        save_manifest(project_manifest(database, project_id), settings.runs / run_id)
    recipe = recipe.model_copy(update={"bit_depth": project_bit_depth(database, project_id)})
    runs.create_run(database, project_id, dump_recipe(recipe), name, run_id=run_id)
    ensure_dispatcher(settings)
    return run_id


def resume(database: Database, settings: Settings, job_id: str) -> None:
    """Queue an ended job again; a training continues after its last epoch, an intake skips what it added.

    Raises:
        InputError: It has not ended, or it finished.
        NotFoundError: There is no such job.
    """
    job = jobs.get_job(database, job_id)
    if job.status == "finished" or not jobs.queue_again(database, job_id):
        raise InputError(f"This run is {job.status}; there is nothing to resume.", "Reload the page.")
    ensure_dispatcher(settings)


def read_events(database: Database, job_id: str, after: int = 0) -> list[tuple[int, float, Event]]:
    """Give the events of a job that come after a number, each with its number and its time in UTC seconds."""
    return [(event.number, event.at, load_event(event.body)) for event in jobs.list_events(database, job_id, after)]


def ensure_dispatcher(settings: Settings) -> None:
    """Start the dispatcher, unless one is alive.

    Raises:
        WorkspaceError: The workspace cannot be written.
    """
    try:
        settings.workspace.mkdir(parents=True, exist_ok=True)
        if not _dispatcher_lives(settings):
            _start_dispatcher(settings)
    except OSError as error:
        raise WorkspaceError(
            f"No worker can be started: {settings.workspace} cannot be written ({error.strerror or error}).",
            "Free some space or allow writing there.",
        ) from error


def _dispatcher_lives(settings: Settings) -> bool:
    try:
        with FileLock(settings.workspace / LOCK_NAME, timeout=0):
            return False
    except Timeout:
        return True


def _start_dispatcher(settings: Settings) -> None:
    environment = os.environ | {
        "GRAFT_WORKSPACE": str(settings.workspace),
        "GRAFT_DATABASE_URL": settings.database_url,
        "KERAS_HOME": str(settings.keras_home),
        "GRAFT_CACHE_GB": str(settings.cache_bytes / 1024**3),
        "GRAFT_WORKERS": str(settings.workers),
        "GRAFT_WARM": "yes" if settings.warm else "no",
    }
    # With a session of its own, Ctrl-C in the terminal of the web process does not end a training.
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        detached = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    rotate_log(settings.workspace / LOG_NAME)
    with (settings.workspace / LOG_NAME).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.jobs.dispatcher"],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **detached,
        )
    # Wait for the child, or it stays a zombie after its end.
    threading.Thread(target=process.wait, name="graft-dispatcher", daemon=True).start()
