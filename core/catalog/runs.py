"""Runs: a training's recipe, its name, and the few figures that the table of runs shows."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.catalog.database import Database
from core.catalog.jobs import Job, job_record
from core.catalog.projects import mark_updated
from core.catalog.schema import JobRow, ProjectRow, RunRow, new_id
from core.errors import InputError, NotFoundError
from core.jobs.specs import TrainSpec, dump_arguments
from core.names import check_name, clean_name


class RunSummary(BaseModel):
    """The figures of a run that tables show.

    Attributes:
        validation_accuracy: On the validation split.
        validation_interval: 95% interval of it; None in runs of early versions.
        validation_loss: Cross-entropy.
        test_accuracy: On the test split.
        test_interval: 95% interval of it.
        epochs: How many were trained.
        seconds: All stages together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")
    validation_accuracy: float
    validation_interval: tuple[float, float] | None = None
    validation_loss: float
    test_accuracy: float
    test_interval: tuple[float, float]
    epochs: int
    seconds: float


@dataclass(frozen=True)
class Run:
    """A training of a recipe.

    Attributes:
        id: Its id, in links too; its job has the same.
        project_id: Its project.
        name: The name that a person gave it.
        recipe: The recipe as JSON, for `core.training.recipe.load_recipe`.
        summary: Figures for the table of runs; None before it was evaluated.
        job: Its job.
    """

    id: str
    project_id: str
    name: str
    recipe: str
    summary: RunSummary | None
    job: Job


def create_run(database: Database, project_id: str, recipe: str, name: str = "", *, run_id: str = "") -> str:
    """Queue a training and give its id.

    Args:
        database: The catalog.
        project_id: The project.
        recipe: The recipe as JSON.
        name: Its name; `Run 3` and so on if empty.
        run_id: Its id, if files of it were written before; drawn if empty.

    Raises:
        NotFoundError: There is no such project.
    """
    run_id, spec = run_id or new_id(), TrainSpec()
    with database.write() as session:
        project = mark_updated(session, project_id)
        number = session.scalar(select(func.count()).where(RunRow.project_id == project_id)) or 0
        job = JobRow(
            id=run_id,
            project_id=project_id,
            kind=spec.kind,
            arguments=dump_arguments(spec),
            created_at=project.updated_at,
        )
        session.add(job)
        session.flush()
        session.add(
            RunRow(id=run_id, project_id=project_id, name=clean_name(name) or f"Run {number + 1}", recipe=recipe)
        )
    return run_id


def get_run(database: Database, run_id: str) -> Run:
    """Give one run.

    Raises:
        NotFoundError: There is none with this id.
    """
    with database.read() as session:
        return _run(*_find(session, run_id))


def list_runs(database: Database, project_id: str | None = None) -> list[Run]:
    """Give the runs of a project, or of all projects outside the trash, the last one first."""
    query = select(RunRow, JobRow).join(JobRow, RunRow.id == JobRow.id)
    query = query.join(ProjectRow, ProjectRow.id == RunRow.project_id).where(ProjectRow.deleted_at.is_(None))
    if project_id is not None:
        query = query.where(RunRow.project_id == project_id)
    with database.read() as session:
        return [_run(run, job) for run, job in session.execute(query.order_by(JobRow.created_at.desc()))]


def rename_run(database: Database, run_id: str, name: str) -> None:
    """Give a run another name.

    Raises:
        DatasetError: The name is empty or too long.
        NotFoundError: There is no such run.
    """
    name = check_name(name, "run")
    with database.write() as session:
        _find(session, run_id)[0].name = name


def save_summary(database: Database, run_id: str, summary: RunSummary) -> None:
    """Store the figures for the table of runs.

    Raises:
        NotFoundError: There is no such run.
    """
    with database.write() as session:
        _find(session, run_id)[0].summary = summary.model_dump(mode="json")


def delete_run(database: Database, run_id: str) -> None:
    """Delete a run and its events, but not its folder.

    Raises:
        InputError: It waits or runs.
        NotFoundError: There is no such run.
    """
    with database.write() as session:
        run, job = _find(session, run_id)
        if not job_record(job).ended:
            raise InputError(f"“{run.name}” has not ended.", "Stop it first, then delete it.")
        session.delete(job)


def _find(session: Session, run_id: str) -> tuple[RunRow, JobRow]:
    run, job = session.get(RunRow, run_id), session.get(JobRow, run_id)
    if run is None or job is None:
        raise NotFoundError("There is no such run; it may have been deleted.", "Choose another one.")
    return run, job


def _run(run: RunRow, job: JobRow) -> Run:
    summary = None if run.summary is None else RunSummary.model_validate(run.summary)
    return Run(run.id, run.project_id, run.name, run.recipe, summary, job_record(job))
