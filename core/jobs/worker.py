"""Executes one job in a worker process: what the handler reports, returns or raises is stored as events and a result.

A job that was started always gets its last event. If the process dies or the disk is full, the dispatcher writes it.
"""

import contextlib
import faulthandler
import importlib
import os
import sys
import time
import traceback
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from core.catalog import jobs
from core.catalog.database import Database
from core.catalog.jobs import Job
from core.errors import GraftError, NotFoundError, RunStopped, WorkspaceError
from core.jobs.events import Batch, Ended, Event, Stage, Started, dump_event
from core.jobs.specs import Result
from core.settings import Settings
from core.storage.disk import is_disk_full
from core.training.device import processor_name
from core.training.progress import ProgressReporter, StageProgress

STOP_INTERVAL_SECONDS = 0.3


@dataclass
class JobContext:
    """What a handler may use.

    Attributes:
        database: The catalog.
        settings: Where files are.
        job: The job.
    """

    database: Database
    settings: Settings
    job: Job
    _last: Event | None = None
    _asked_at: float = 0.0
    _stop: bool = False

    def emit(self, event: Event) -> None:
        """Store an event; progress replaces the event before it."""
        replaces = isinstance(event, Batch) and isinstance(self._last, Batch)
        if isinstance(event, Stage) and isinstance(self._last, Stage):
            replaces = event.name == self._last.name
        jobs.add_event(self.database, self.job.id, event.kind, dump_event(event), replaces=replaces)
        self._last = event

    def report(self, text: str) -> None:
        """Add a sentence to the job's events."""
        self._reporter.message(text)

    def progress(self, name: str, unit: str = "") -> StageProgress:
        """Begin a stage and return the function that reports its progress, a few times a second, with the time left."""
        return self._reporter.stage(name, unit)

    def stoppable_progress(self, name: str, unit: str = "") -> StageProgress:
        """As `progress`, with a function that raises `RunStopped` once a person stopped the job."""
        report = self.progress(name, unit)

        def report_or_stop(done: int, total: int) -> None:
            if self.should_stop():
                raise RunStopped(f"Stopped: {name.lower()}.")
            report(done, total)

        return report_or_stop

    @cached_property
    def _reporter(self) -> ProgressReporter:
        return ProgressReporter(self.emit)

    def should_stop(self) -> bool:
        """Whether a person stopped or deleted the job; the catalog is asked a few times a second."""
        now = time.monotonic()
        if not self._stop and now - self._asked_at > STOP_INTERVAL_SECONDS:
            self._asked_at = now
            self._stop = jobs.stop_requested(self.database, self.job.id)
        return self._stop


def execute(settings: Settings, job_id: str) -> Ended | None:
    """Execute a queued job; one that is no longer queued is skipped.

    Returns:
        The job's last event if the catalog could not store it, else None.
    """
    with contextlib.suppress(OSError):  # on a full disk, work without a log
        log_to(settings.logs / f"{job_id}.log")
    try:
        database = _database(settings)
        if not jobs.start_job(database, job_id):
            return None
        context = JobContext(database, settings, jobs.get_job(database, job_id))
    except (NotFoundError, WorkspaceError):
        return None  # deleted meanwhile, or still queued because the disk is full
    return _finish(context, *_run(context))


def log_to(path: Path) -> None:
    """Redirect the output of this process, also of native code, to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)
    faulthandler.enable(file=2)


@cache
def _database(settings: Settings) -> Database:
    return Database(settings)


def _run(context: JobContext) -> tuple[Ended, Result | None]:
    try:
        spec = context.job.spec
        module, function = spec.handler.split(":")
        context.emit(Started(device=processor_name(), process=os.getpid()))
        result = getattr(importlib.import_module(module), function)(context, spec)
    except RunStopped as stopped:
        return Ended(status="stopped", reason=stopped.sentence, hint=stopped.hint), None
    except GraftError as error:
        return Ended(status="failed", reason=error.sentence, hint=error.hint), None
    except OSError as error:
        return _end_of_disk_error(error, context.settings), None
    except MemoryError:
        return Ended(
            status="failed",
            reason="This machine has too little memory for it.",
            hint="Choose a smaller network, batch or image size, or close other programs.",
            detail=traceback.format_exc(),
        ), None
    except Exception as error:  # whatever happens, the job gets its last event
        _log_traceback()
        return Ended(
            status="failed",
            reason=f"Something went wrong in Graft itself ({type(error).__name__}).",
            hint="Please report it with the details below; your images and earlier runs are untouched.",
            detail=traceback.format_exc(),
        ), None
    return Ended(status="finished"), result


def _end_of_disk_error(error: OSError, settings: Settings) -> Ended:
    if is_disk_full(error):
        return Ended(
            status="failed",
            reason=f"The disk that holds {settings.workspace} is full; nothing that was stored is lost.",
            hint="Free some space, then press Resume.",
        )
    return Ended(
        status="failed",
        reason=f"A file could not be read or written: {error.strerror or error}.",
        hint="Check that the workspace exists and may be written to.",
        detail=traceback.format_exc(),
    )


def _finish(context: JobContext, ended: Ended, result: Result | None) -> Ended | None:
    try:
        context.emit(ended)
        jobs.end_job(context.database, context.job.id, ended.status, result)
    except NotFoundError:
        _log_traceback()  # the job was deleted
    except WorkspaceError:
        _log_traceback()
        return ended
    return None


def _log_traceback() -> None:
    with contextlib.suppress(OSError):  # the disk may be full
        traceback.print_exc()
