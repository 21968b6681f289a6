"""Jobs whose result a person waits for: a prediction, an explanation, a map."""

import time
from typing import TypeVar

from core.catalog import jobs
from core.catalog.jobs import Job
from core.jobs.queue import submit
from core.jobs.specs import Result, Spec
from pages.components import job_progress
from pages.shared import state
from pages.shared.workspace import database, settings

# A warm worker answers within this time; for a cold one the progress is shown.
PATIENCE_SECONDS = 1.5
_POLL_SECONDS = 0.02
R = TypeVar("R", bound=Result)


def await_job(project_id: str, spec: Spec, result: type[R], title: str, patience: float | None = None) -> R | None:
    """Give the result of a job, which is submitted once a tab; until it is there, show its progress or its error.

    Args:
        project_id: The project of the job.
        spec: The job; an equal one is submitted once.
        result: The model of its result.
        title: What the job does, for its progress and its error.
        patience: Seconds to wait before the progress is shown; None for `PATIENCE_SECONDS`.

    Returns:
        The result; None while the job runs, or if it failed.
    """
    key = _key(spec)
    job_id = state.get(key, "")
    if not job_id:
        job_id = submit(database(), settings(), project_id, spec)
        state.set(key, job_id)
    job = _wait(job_id, PATIENCE_SECONDS if patience is None else patience)
    if not job.ended:
        job_progress.show_progress(job_id, title)
        return None
    if job.status == "finished":
        return job.result_as(result)
    job_progress.show_outcome(job, title)
    return None


def _key(spec: Spec) -> str:
    return f"job-{spec.model_dump_json()}"


def _wait(job_id: str, patience: float) -> Job:
    give_up = time.monotonic() + patience
    while not (job := jobs.get_job(database(), job_id)).ended and time.monotonic() < give_up:
        time.sleep(_POLL_SECONDS)
    return job
