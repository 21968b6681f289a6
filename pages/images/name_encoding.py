"""A zip whose file names do not say their encoding: a person sees how they read before any image is added."""

from pathlib import Path

import streamlit as st

from core.catalog.cleanup import remove_uploads
from core.catalog.jobs import Job
from core.jobs.queue import submit
from core.jobs.specs import IngestResult, IngestSpec, NameQuestion
from pages.components import job_progress
from pages.shared import frame, words
from pages.shared.workspace import database, settings


def waiting(project_id: str) -> Job | None:
    """The job whose question waits for an answer, if any."""
    job = job_progress.last_job(project_id, IngestSpec)
    if job is None or _question(job) is None:
        return None
    return job if any(path.exists() for path in _paths(job)) else None


def draw(project_id: str, job: Job) -> None:
    """Draw the readings of the names, and the way to leave the upload."""
    question = _question(job)
    if question is None:
        return
    names = {one.encoding: ", ".join(one.names) for one in question.readings}
    with st.container(border=True, key=f"names-{job.id}"):
        st.subheader("Are the file names right?", anchor=False)
        st.markdown(
            f"Nothing was added yet. The zip {words.escape_markdown(question.archive)} does not say in which encoding "
            "its file names are. Choose the line that reads right: folders become the names of the classes."
        )
        with st.form(f"names-form-{job.id}", border=False):
            encoding = st.selectbox(
                "File names", list(names), format_func=lambda one: f"{names[one]} ({one})", key=f"names-{job.id}-choice"
            )
            if st.form_submit_button("Add the images", type="primary"):
                frame.run_action(lambda: _ingest(project_id, job, encoding))
        if st.button("Do not add them", icon=":material/delete:", key=f"names-leave-{job.id}"):
            frame.run_action(lambda: remove_uploads(settings(), _paths(job)), "The upload was removed.")


def _ingest(project_id: str, job: Job, encoding: str) -> None:
    spec = job.spec_as(IngestSpec).model_copy(update={"name_encoding": encoding})
    submit(database(), settings(), project_id, spec)


def _question(job: Job) -> NameQuestion | None:
    result = job.result_as(IngestResult)
    return None if result is None else result.names


def _paths(job: Job) -> list[Path]:
    return [settings().resolve(path) for path in job.spec_as(IngestSpec).paths]
