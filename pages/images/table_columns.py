"""A table whose class column is unknown: a person chooses its columns before any image is added."""

import streamlit as st

from core.catalog.jobs import Job
from core.jobs.specs import IngestResult, IngestSpec, TableColumns, TableQuestion
from pages.images import held_upload
from pages.shared import frame, words

NO_CLASSES = "The table has no classes"


def waiting(project_id: str) -> Job | None:
    """The job whose question waits for an answer, if any."""
    return held_upload.find(project_id, lambda result: result.question)


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
        held_upload.draw_discard(job, "Do not add them", f"table-leave-{job.id}")


def _ingest(project_id: str, job: Job, table: str, columns: TableColumns) -> None:
    held_upload.ingest(project_id, job, columns={**job.spec_as(IngestSpec).columns, table: columns})


def _question(job: Job) -> TableQuestion | None:
    result = job.result_as(IngestResult)
    return None if result is None else result.question
