"""A zip whose file names do not say their encoding: a person sees how they read before any image is added."""

import streamlit as st

from core.catalog.jobs import Job
from core.jobs.specs import IngestResult, NameQuestion
from pages.images import held_upload
from pages.shared import frame, words


def waiting(project_id: str) -> Job | None:
    """The job whose question waits for an answer, if any."""
    return held_upload.find(project_id, lambda result: result.names)


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
                frame.run_action(lambda: held_upload.ingest(project_id, job, name_encoding=encoding))
        held_upload.draw_discard(job, "Do not add them", f"names-leave-{job.id}")


def _question(job: Job) -> NameQuestion | None:
    result = job.result_as(IngestResult)
    return None if result is None else result.names
