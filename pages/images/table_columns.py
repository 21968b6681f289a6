"""A table whose class column is unknown: a person chooses its columns before any image is added."""

from pathlib import Path

import streamlit as st

from core.catalog.cleanup import remove_uploads
from core.catalog.jobs import Job
from core.jobs.queue import submit
from core.jobs.specs import IngestResult, IngestSpec, TableColumns, TableQuestion
from pages.components import job_progress
from pages.shared import frame, words
from pages.shared.workspace import database, settings

NO_CLASSES = "The table has no classes"


def waiting(project_id: str) -> Job | None:
    """The job whose question waits for an answer, if any."""
    job = job_progress.last_job(project_id, IngestSpec)
    if job is None or _question(job) is None:
        return None
    return job if any(path.exists() for path in _paths(job)) else None


def draw(project_id: str, job: Job) -> None:
    """Draw the choice of columns, and the way to leave the upload."""
    question = _question(job)
    if question is None:
        return
    names = [column.name for column in question.columns]
    with st.container(border=True, key=f"table-{job.id}"):
        st.subheader("Which column is the class?", anchor=False)
        st.markdown(
            f"Nothing was added yet. The table {words.escape_markdown(question.table)} names "
            f"{words.count(question.images, 'image')}, but none of its columns is known as the class."
        )
        examples = [", ".join(column.examples) for column in question.columns]
        st.dataframe({"Column": names, "Some of its cells": examples}, hide_index=True)
        with st.form(f"table-form-{job.id}", border=False):
            file = st.selectbox("Column of the file names", names, index=names.index(question.file))
            others = [name for name in names if name != question.file]
            label = st.selectbox("Column of the classes", [*others, NO_CLASSES], index=None, placeholder="Choose")
            chosen = st.form_submit_button("Add the images", type="primary")
        if chosen and label is None:
            st.warning("Choose the column of the classes.", icon=":material/warning:")
        elif chosen:
            columns = TableColumns(file=file, label=None if label == NO_CLASSES else label)
            frame.run_action(lambda: _ingest(project_id, job, question.table, columns))
        if st.button("Do not add them", icon=":material/delete:", key=f"table-leave-{job.id}"):
            frame.run_action(lambda: remove_uploads(settings(), _paths(job)), "The upload was removed.")


def _ingest(project_id: str, job: Job, table: str, columns: TableColumns) -> None:
    spec = job.spec_as(IngestSpec)
    submit(database(), settings(), project_id, spec.model_copy(update={"columns": {**spec.columns, table: columns}}))


def _question(job: Job) -> TableQuestion | None:
    result = job.result_as(IngestResult)
    return None if result is None else result.question


def _paths(job: Job) -> list[Path]:
    return [settings().resolve(path) for path in job.spec_as(IngestSpec).paths]
