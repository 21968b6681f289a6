"""Jobs that are answered while a person waits: a prediction, an explanation, a bundle."""

import time
from typing import Any

from core.catalog import jobs
from core.catalog.jobs import Job
from core.jobs.queue import submit
from pages.components import job_progress
from pages.shared import state
from pages.shared.workspace import database, settings

# A warm worker answers in less than this; a cold one is shown with its progress.
PATIENCE_SECONDS = 1.5
_LOOK_SECONDS = 0.02


def await_job(
    project_id: str, kind: str, arguments: dict[str, Any], title: str, patience: float | None = None
) -> dict[str, Any] | None:
    """Give the answer to a question; it is asked once a tab, and drawn as progress or as an error until it is there.

    Args:
        project_id: Whose job.
        kind: What is asked for, a key of `core.jobs.specs.HANDLERS`.
        arguments: What the task takes; the same ones are the same question.
        title: What is being done, for the progress and for a failure.
        patience: Seconds to wait before the progress is drawn instead; None for `PATIENCE_SECONDS`.

    Returns:
        What the task gave; None while there is no answer, or where it failed.
    """
    question = f"answer-{kind}-{sorted(arguments.items())!r}"
    job_id = state.get(question, "")
    if not job_id:
        job_id = submit(database(), settings(), project_id, kind, arguments)
        state.set(question, job_id)
    job = _wait(job_id, PATIENCE_SECONDS if patience is None else patience)
    if not job.ended:
        job_progress.show_progress(job_id, title)
        return None
    if job.status == "finished":
        return job.result or {}
    job_progress.show_outcome(job, title)
    return None


def discard(kind: str, arguments: dict[str, Any]) -> None:
    """Forget an answer, so that the same question is asked anew."""
    state.set(f"answer-{kind}-{sorted(arguments.items())!r}", "")


def _wait(job_id: str, patience: float) -> Job:
    give_up = time.monotonic() + patience
    while not (job := jobs.get_job(database(), job_id)).ended and time.monotonic() < give_up:
        time.sleep(_LOOK_SECONDS)
    return job
