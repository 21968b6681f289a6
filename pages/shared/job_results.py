"""Jobs that are answered while a person waits: a prediction, an explanation, a bundle."""

import time
from typing import TypeVar

from core.catalog import jobs
from core.catalog.jobs import Job
from core.jobs.queue import submit
from core.jobs.specs import Result, Spec
from pages.components import job_progress
from pages.shared import state
from pages.shared.workspace import database, settings

# A warm worker answers in less than this; a cold one is shown with its progress.
PATIENCE_SECONDS = 1.5
_LOOK_SECONDS = 0.02
R = TypeVar("R", bound=Result)


def await_job(project_id: str, spec: Spec, result: type[R], title: str, patience: float | None = None) -> R | None:
    """Give the answer to a question; it is asked once a tab, and drawn as progress or as an error until it is there.

    Args:
        project_id: Whose job.
        spec: What is asked for; an equal one is the same question.
        result: The model of its result.
        title: What is being done, for the progress and for a failure.
        patience: Seconds to wait before the progress is drawn instead; None for `PATIENCE_SECONDS`.

    Returns:
        What the task gave; None while there is no answer, or where it failed.
    """
    question = _key(spec)
    job_id = state.get(question, "")
    if not job_id:
        job_id = submit(database(), settings(), project_id, spec)
        state.set(question, job_id)
    job = _wait(job_id, PATIENCE_SECONDS if patience is None else patience)
    if not job.ended:
        job_progress.show_progress(job_id, title)
        return None
    if job.status == "finished":
        return job.result_as(result)
    job_progress.show_outcome(job, title)
    return None


def _key(spec: Spec) -> str:
    return f"answer-{spec.model_dump_json()}"


def _wait(job_id: str, patience: float) -> Job:
    give_up = time.monotonic() + patience
    while not (job := jobs.get_job(database(), job_id)).ended and time.monotonic() < give_up:
        time.sleep(_LOOK_SECONDS)
    return job
