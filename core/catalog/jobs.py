"""Jobs and their events. The table of jobs is the queue: a page adds a row, and a worker takes it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import CursorResult

from core.catalog.database import Database
from core.catalog.projects import find_project
from core.catalog.schema import EventRow, JobRow, new_id
from core.errors import NotFoundError
from core.jobs.specs import IngestSpec, JobSpec, Result, Spec, dump_arguments, load_result, load_spec

S = TypeVar("S", bound=Spec)
R = TypeVar("R", bound=Result)
T = TypeVar("T")
Status = Literal["queued", "running", "finished", "stopped", "failed"]
ENDED: frozenset[Status] = frozenset({"finished", "stopped", "failed"})


@dataclass(frozen=True)
class Job:
    """Work for a worker.

    Attributes:
        id: Its id; a run has the id of its job.
        project_id: The project it belongs to.
        kind: Name of its kind, as its spec spells it.
        status: `queued`, `running`, or how it ended.
        created_at: UTC seconds.
        started_at: UTC seconds, None before.
        ended_at: UTC seconds, None before.
        stop_requested: Whether a person asked it to stop.
    """

    id: str
    project_id: str
    kind: str
    status: Status
    created_at: float
    started_at: float | None
    ended_at: float | None
    stop_requested: bool
    _arguments: dict[str, Any] = field(repr=False)
    _result: dict[str, Any] | None = field(repr=False)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ENDED

    @cached_property
    def spec(self) -> JobSpec:
        """What is to be done.

        Raises:
            pydantic.ValidationError: This version does not know the kind.
        """
        return load_spec(self.kind, self._arguments)

    @cached_property
    def result(self) -> Result | None:
        """What the handler returned; None before the job finished."""
        return None if self._result is None else load_result(self.kind, self._result)

    def spec_as(self, model: type[S]) -> S:
        """Give the spec of a job whose kind is known.

        Raises:
            TypeError: It is of another kind.
        """
        return _checked(self.spec, model)

    def result_as(self, model: type[R]) -> R | None:
        """Give the result of a job whose kind is known; None before it finished.

        Raises:
            TypeError: It is of another kind.
        """
        return None if self.result is None else _checked(self.result, model)


@dataclass(frozen=True)
class StoredEvent:
    """An event as it is stored.

    Attributes:
        number: Its position among the job's events, from 1.
        at: UTC seconds.
        kind: Its kind.
        body: The event as JSON, for `core.jobs.events.load_event`.
    """

    number: int
    at: float
    kind: str
    body: str


def add_job(database: Database, project_id: str, spec: Spec) -> str:
    """Queue a job and give its id.

    Raises:
        NotFoundError: There is no such project.
    """
    with database.write() as session:
        find_project(session, project_id)
        job = JobRow(
            id=new_id(),
            project_id=project_id,
            kind=spec.kind,
            arguments=dump_arguments(spec),
            created_at=time.time(),
        )
        session.add(job)
        return job.id


def add_paths(database: Database, project_id: str, spec: IngestSpec) -> str:
    """Add a spec's `paths` to a waiting job that differs in nothing else, or queue a new one; gives the job's id.

    Raises:
        NotFoundError: There is no such project.
    """
    queued = select(JobRow).where(JobRow.project_id == project_id, JobRow.kind == spec.kind, JobRow.status == "queued")
    with database.write() as session:
        for row in session.scalars(queued.with_for_update()):
            waiting = _checked(load_spec(row.kind, row.arguments), IngestSpec)
            merged = spec.model_copy(update={"paths": (*waiting.paths, *spec.paths)})
            if waiting == spec.model_copy(update={"paths": waiting.paths}):
                row.arguments = dump_arguments(merged)
                return row.id
    return add_job(database, project_id, spec)


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
    database: Database,
    *,
    project_id: str | None = None,
    kinds: Sequence[type[Spec]] = (),
    status: Sequence[Status] = (),
) -> list[Job]:
    """Give jobs of a project, of some kinds or with some status; in the order in which they were queued."""
    query = select(JobRow).order_by(JobRow.created_at)
    if project_id is not None:
        query = query.where(JobRow.project_id == project_id)
    if kinds:
        query = query.where(JobRow.kind.in_([spec.kind_name() for spec in kinds]))
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
    """Whether a job should stop: a person asked for it, or deleted it."""
    with database.read() as session:
        asked = session.scalar(select(JobRow.stop_requested).where(JobRow.id == job_id))
        return asked is None or asked


def start_job(database: Database, job_id: str) -> bool:
    """Mark a queued job as running; false if it is not queued any more."""
    with database.write() as session:
        result = session.execute(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.status == "queued")
            .values(status="running", started_at=time.time(), ended_at=None)
        )
        return _changed(result)


def end_job(database: Database, job_id: str, status: Status, result: Result | None = None) -> bool:
    """Mark a job as ended; false if it had ended already."""
    stored = None if result is None else result.model_dump(mode="json")
    with database.write() as session:
        ended = session.execute(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.status.not_in(ENDED))
            .values(status=status, ended_at=time.time(), result=stored)
        )
        return _changed(ended)


def queue_again(database: Database, job_id: str) -> bool:
    """Put an ended job back into the queue, to continue; false if it has not ended."""
    with database.write() as session:
        queued = session.execute(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.status.in_(ENDED))
            .values(status="queued", stop_requested=False, ended_at=None, result=None)
        )
        return _changed(queued)


def add_event(database: Database, job_id: str, kind: str, body: str, *, replaces: bool = False) -> int:
    """Store an event of a job and give its number.

    Args:
        database: The catalog.
        job_id: The job.
        kind: The event's kind.
        body: The event as JSON.
        replaces: Whether it takes the place of the event before it, as progress does several times a second.

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


def last_event_at(database: Database, job_id: str) -> float:
    """Give the time of the last event of a job in UTC seconds; 0 if it has none."""
    with database.read() as session:
        return session.scalar(select(func.max(EventRow.at)).where(EventRow.job_id == job_id)) or 0.0


def list_events(database: Database, job_id: str, after: int = 0) -> list[StoredEvent]:
    """Give the events of a job that come after a number."""
    query = select(EventRow).where(EventRow.job_id == job_id, EventRow.number > after).order_by(EventRow.number)
    with database.read() as session:
        return [StoredEvent(row.number, row.at, row.kind, row.body) for row in session.scalars(query)]


def _checked(value: Spec | Result, model: type[T]) -> T:
    if not isinstance(value, model):
        raise TypeError(f"{type(value).__name__} is no {model.__name__}")
    return value


def _changed(result: object) -> bool:
    return isinstance(result, CursorResult) and result.rowcount > 0


def job_record(row: JobRow) -> Job:
    """Convert a row of the table."""
    return Job(
        id=row.id,
        project_id=row.project_id,
        kind=row.kind,
        status=row.status,  # type: ignore[arg-type]  # the table's check constraint
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        stop_requested=row.stop_requested,
        _arguments=row.arguments,
        _result=row.result,
    )
