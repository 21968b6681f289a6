"""An upload of which nothing was added yet, because a question about it waits for a person."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.catalog.cleanup import remove_uploads
from core.catalog.jobs import Job
from core.jobs.queue import submit
from core.jobs.specs import IngestResult, IngestSpec
from pages.components import job_progress
from pages.shared import frame
from pages.shared.workspace import database, settings


def find(project_id: str, question: Callable[[IngestResult], object]) -> Job | None:
    """Give the last job if it ended with a question and its upload is still there.

    Args:
        project_id: Whose upload.
        question: Gives the question of a result; None if it has none.
    """
    job = job_progress.last_job(project_id, IngestSpec)
    result = None if job is None else job.result_as(IngestResult)
    if job is None or result is None or question(result) is None:
        return None
    return job if any(path.exists() for path in _paths(job)) else None


def ingest(project_id: str, job: Job, **answer: object) -> None:
    """Ingest the upload again, with the answer as arguments."""
    submit(database(), settings(), project_id, job.spec_as(IngestSpec).model_copy(update=answer))


def draw_discard(job: Job, label: str, key: str) -> None:
    """Draw the button that removes the upload."""
    if st.button(label, icon=":material/delete:", key=key):
        frame.run_action(lambda: remove_uploads(settings(), _paths(job)), "The upload was removed.")


def _paths(job: Job) -> list[Path]:
    return [settings().resolve(path) for path in job.spec_as(IngestSpec).paths]
