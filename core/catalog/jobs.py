"""Jobs and their events. The table of jobs is the queue: who wants work done writes a row, and a worker takes it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import CursorResult

from core.catalog.database import Database
from core.catalog.projects import find_project
from core.catalog.schema import EventRow, JobRow, new_id
from core.errors import NotFoundError

Status = Literal["queued", "running", "finished", "stopped", "failed"]
ENDED: frozenset[Status] = frozenset({"finished", "stopped", "failed"})


@dataclass(frozen=True)
class Job:
    """Work for a worker.

    Attributes:
        id: Its id; a run has the id of its job.
        project_id: Whose work it is.
        kind: What is done, a key of `core.jobs.specs.HANDLERS`.
        arguments: What the task takes, as JSON.
        status: `queued`, `running`, or how it ended.
        created_at: UTC seconds.
        started_at: UTC seconds, None before.
        ended_at: UTC seconds, None before.
        stop_requested: Whether a person asked it to stop.
        result: What the task gave, as JSON; None before it finished.
    """

    id: str
    project_id: str
    kind: str
    arguments: dict[str, Any]
    status: Status
    created_at: float
    started_at: float | None
    ended_at: float | None
    stop_requested: bool
    result: dict[str, Any] | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ENDED


@dataclass(frozen=True)
class StoredEvent:
    """One line of a job's story as it was kept.

    Attributes:
        number: Its place in the story, from 1.
        at: UTC seconds.
        kind: Its kind.
        body: The event as JSON, for `core.jobs.events.load_event`.
    """

    number: int
    at: float
    kind: str
    body: str


def add_job(database: Database, project_id: str, kind: str, arguments: dict[str, Any], job_id: str = "") -> str:
    """Queue a job and give its id.

    Raises:
        NotFoundError: There is no such project.
    """
    with database.write() as session:
        find_project(session, project_id)
        job = JobRow(
            id=job_id or new_id(), project_id=project_id, kind=kind, arguments=arguments, created_at=time.time()
        )
        session.add(job)
        return job.id


def add_paths(database: Database, project_id: str, kind: str, paths: list[str], arguments: dict[str, Any]) -> str:
    """Give files to a waiting job that differs in its `paths` alone, or queue one for them; gives the job's id.

    Raises:
        NotFoundError: There is no such project.
    """
    queued = select(JobRow).where(JobRow.project_id == project_id, JobRow.kind == kind, JobRow.status == "queued")
    with database.write() as session:
        for row in session.scalars(queued.with_for_update()):
            if {**row.arguments, "paths": []} == {**arguments, "paths": []}:
                row.arguments = {**arguments, "paths": [*cast(list[str], row.arguments["paths"]), *paths]}
                return row.id
    return add_job(database, project_id, kind, {**arguments, "paths": paths})


def get_job(database: Database, job_id: str) -> Job:
    """Give one job.

    Raises:
        NotFoundError: There is none with this id.
    """
    with database.read() as session:
        row = session.get(JobRow, job_id)
        if row is None:
            raise NotFoundError("There is no such run or job; it may have been deleted.", "Choose another one.")
        return job_record(row)


def list_jobs(
    database: Database, *, project_id: str | None = None, kind: str | None = None, status: Sequence[Status] = ()
) -> list[Job]:
    """Give jobs, the first queued first."""
    query = select(JobRow).order_by(JobRow.created_at)
    if project_id is not None:
        query = query.where(JobRow.project_id == project_id)
    if kind is not None:
        query = query.where(JobRow.kind == kind)
    if status:
        query = query.where(JobRow.status.in_(status))
    with database.read() as session:
        return [job_record(row) for row in session.scalars(query)]


def request_stop(database: Database, job_id: str) -> None:
    """Ask a job to stop; one that still waits in the queue ends at once."""
    with database.write() as session:
        session.execute(update(JobRow).where(JobRow.id == job_id).values(stop_requested=True))
        session.execute(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.status == "queued")
            .values(status="stopped", ended_at=time.time())
        )


def stop_requested(database: Database, job_id: str) -> bool:
    """Tell whether a job should stop: somebody asked for it, or it was deleted."""
    with database.read() as session:
        asked = session.scalar(select(JobRow.stop_requested).where(JobRow.id == job_id))
        return asked is None or asked


def start_job(database: Database, job_id: str) -> bool:
    """Mark a queued job as running; false if it is not waiting any more."""
    with database.write() as session:
        result = session.execute(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.status == "queued")
            .values(status="running", started_at=time.time(), ended_at=None)
        )
        return _changed(result)


def end_job(database: Database, job_id: str, status: Status, result: dict[str, Any] | None = None) -> bool:
    """Mark a job as ended; false if it had ended already."""
    with database.write() as session:
        ended = session.execute(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.status.not_in(ENDED))
            .values(status=status, ended_at=time.time(), result=result)
        )
        return _changed(ended)


def queue_again(database: Database, job_id: str) -> bool:
    """Put an ended job back into the queue, to go on where it was; false if it has not ended."""
    with database.write() as session:
        queued = session.execute(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.status.in_(ENDED))
            .values(status="queued", stop_requested=False, ended_at=None, result=None)
        )
        return _changed(queued)


def add_event(database: Database, job_id: str, kind: str, body: str, *, replaces: bool = False) -> int:
    """Add a line to a job's story and give its number.

    Args:
        database: The catalog.
        job_id: Whose story.
        kind: The event's kind.
        body: The event as JSON.
        replaces: Whether the line before it is forgotten, as with progress that is told several times a second.

    Raises:
        NotFoundError: The job was deleted.
    """
    with database.write() as session:
        if session.get(JobRow, job_id) is None:
            raise NotFoundError("The run was deleted while it was working.")
        last = session.scalar(select(func.max(EventRow.number)).where(EventRow.job_id == job_id)) or 0
        if replaces:
            session.execute(delete(EventRow).where(EventRow.job_id == job_id, EventRow.number == last))
        session.execute(insert(EventRow).values(job_id=job_id, number=last + 1, at=time.time(), kind=kind, body=body))
        return last + 1


def list_events(database: Database, job_id: str, after: int = 0) -> list[StoredEvent]:
    """Give the lines of a job's story that come after a number."""
    query = select(EventRow).where(EventRow.job_id == job_id, EventRow.number > after).order_by(EventRow.number)
    with database.read() as session:
        return [StoredEvent(row.number, row.at, row.kind, row.body) for row in session.scalars(query)]


def _changed(result: object) -> bool:
    return isinstance(result, CursorResult) and result.rowcount > 0


def job_record(row: JobRow) -> Job:
    """Give a row of the table as a record."""
    return Job(
        id=row.id,
        project_id=row.project_id,
        kind=row.kind,
        arguments=row.arguments,
        status=row.status,  # type: ignore[arg-type]  # the table's check constraint
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        stop_requested=row.stop_requested,
        result=row.result,
    )
