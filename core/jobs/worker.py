"""Executes one job in a worker process: what a task does, gives or raises becomes events and an end.

Whatever happens, a job that was started gets its last event, unless the process itself dies or the disk does not take
it; those the dispatcher writes.
"""

import contextlib
import errno
import faulthandler
import importlib
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.catalog import jobs
from core.catalog.database import Database
from core.catalog.jobs import Job
from core.errors import GraftError, NotFoundError, RunStopped, WorkspaceError
from core.jobs.events import Batch, Ended, Event, Message, Stage, Started, dump_event
from core.jobs.specs import Result
from core.settings import Settings

STOP_LOOK_SECONDS = 0.3
PROGRESS_SECONDS = 0.2


@dataclass
class JobContext:
    """What a task may use.

    Attributes:
        database: The catalog.
        settings: Where things are.
        job: The job, with its arguments.
    """

    database: Database
    settings: Settings
    job: Job
    _last: Event | None = None
    _looked_at: float = 0.0
    _stop: bool = False
    _stage_told: float = 0.0

    def emit(self, event: Event) -> None:
        """Add an event to the job's story."""
        replaces = isinstance(event, Batch) and isinstance(self._last, Batch)
        if isinstance(event, Stage) and isinstance(self._last, Stage):
            replaces = event.name == self._last.name
        jobs.add_event(self.database, self.job.id, event.kind, dump_event(event), replaces=replaces)
        self._last = event

    def report(self, text: str) -> None:
        """Add a sentence to the job's events."""
        self.emit(Message(text=text))

    def progress(self, name: str, unit: str = "") -> Callable[[int, int], None]:
        """Give a function that tells how far a stage is, at most five times a second, with the time left."""
        began = time.monotonic()
        self.emit(Stage(name=name, unit=unit))

        def tell(done: int, total: int) -> None:
            now = time.monotonic()
            if done < total and now - self._stage_told < PROGRESS_SECONDS:
                return
            self._stage_told = now
            left = (now - began) / done * (total - done) if done and total else None
            self.emit(Stage(name=name, done=done, total=total, seconds_left=left, unit=unit))

        return tell

    def should_stop(self) -> bool:
        """Tell whether the job should end: a person asked for it, or deleted it."""
        now = time.monotonic()
        if not self._stop and now - self._looked_at > STOP_LOOK_SECONDS:
            self._looked_at = now
            self._stop = jobs.stop_requested(self.database, self.job.id)
        return self._stop


def execute(settings: Settings, job_id: str) -> Ended | None:
    """Execute a queued job; one that is not waiting any more is passed over.

    Returns:
        The job's end, where the catalog could not take it; None where all is written.
    """
    with contextlib.suppress(OSError):  # a full disk: rather without a log than not at all
        log_to(settings.logs / f"{job_id}.log")
    try:
        database = _database(settings)
        if not jobs.start_job(database, job_id):
            return None
        context = JobContext(database, settings, jobs.get_job(database, job_id))
    except (NotFoundError, WorkspaceError):
        return None  # deleted while it waited, or still waiting: for a disk with space
    return _conclude(context, *_run(context))


def log_to(path: Path) -> None:
    """Send what this process prints, native code included, to a file."""
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


@cache
def _processor() -> str:
    """Name of the processor, as a person knows it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def _run(context: JobContext) -> tuple[Ended, Result | None]:
    try:
        spec = context.job.spec
        module, function = spec.handler.split(":")
        context.emit(Started(device=_processor(), process=os.getpid()))
        result = getattr(importlib.import_module(module), function)(context, spec)
    except RunStopped as stopped:
        return Ended(status="stopped", reason=stopped.sentence, hint=stopped.hint), None
    except GraftError as error:
        return Ended(status="failed", reason=error.sentence, hint=error.hint), None
    except OSError as error:
        return _failed_by_disk(error, context.settings), None
    except MemoryError:
        return Ended(
            status="failed",
            reason="The memory of this machine did not suffice.",
            hint="Choose a smaller network, batch or image size, or close other programs.",
            detail=traceback.format_exc(),
        ), None
    except Exception as error:  # the job's story ends with what happened, whatever it was
        _log_traceback()
        return Ended(
            status="failed",
            reason=f"Something went wrong in Graft itself ({type(error).__name__}).",
            hint="Please report it with the details below; your images and earlier runs are untouched.",
            detail=traceback.format_exc(),
        ), None
    return Ended(status="finished"), result


def _failed_by_disk(error: OSError, settings: Settings) -> Ended:
    if error.errno == errno.ENOSPC:
        return Ended(
            status="failed",
            reason=f"The disk that holds {settings.workspace} is full; nothing that was there is lost.",
            hint="Free some space, then press Resume.",
        )
    return Ended(
        status="failed",
        reason=f"A file could not be read or written: {error.strerror or error}.",
        hint="Check that the workspace is still there and may be written.",
        detail=traceback.format_exc(),
    )


def _conclude(context: JobContext, ended: Ended, result: Result | None) -> Ended | None:
    try:
        context.emit(ended)
        jobs.end_job(context.database, context.job.id, ended.status, result)
    except NotFoundError:
        _log_traceback()  # the job was deleted: there is nobody left to tell
    except WorkspaceError:
        _log_traceback()
        return ended
    return None


def _log_traceback() -> None:
    with contextlib.suppress(OSError):  # a full disk takes no log either
        traceback.print_exc()
