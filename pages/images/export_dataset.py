"""The images as a download, packed by a worker."""

import streamlit as st

from core.catalog import jobs
from core.catalog.jobs import Job
from core.catalog.projects import Project
from core.jobs.queue import submit
from core.jobs.specs import ExportDatasetResult, ExportDatasetSpec
from pages.components import job_progress
from pages.routes import downloads
from pages.shared import frame, words
from pages.shared.workspace import database, settings

_TITLE = "Packing the images"


def draw(project: Project) -> None:
    """Draw the description, the button that packs the images, and the download."""
    st.markdown(
        "All images as a zip that works anywhere: a folder for each class, and a table (`labels.csv`) with classes, "
        "splits and groups, and what was set aside. Added to a project, it gives the same dataset."
    )
    running = job_progress.running_job(project.id, ExportDatasetSpec)
    if running is not None:
        job_progress.show_progress(running.id, _TITLE)
        return
    last = job_progress.last_job(project.id, ExportDatasetSpec)
    if last is not None:
        job_progress.show_outcome(last, _TITLE)
    packed = _packed(project.id)
    if packed is not None:
        _show_download(project, packed)
    if st.button("Pack the images" if packed is None else "Pack them again", icon=":material/archive:"):
        frame.run_action(lambda: submit(database(), settings(), project.id, ExportDatasetSpec()))


def _packed(project_id: str) -> Job | None:
    """The latest job that packed the images, if its file is still there."""
    found = jobs.list_jobs(database(), project_id=project_id, kinds=(ExportDatasetSpec,), status=("finished",))
    return next((job for job in reversed(found) if (path := downloads.packed_file(job)) and path.is_file()), None)


def _show_download(project: Project, job: Job) -> None:
    result, path = job.result_as(ExportDatasetResult), downloads.packed_file(job)
    if result is None or path is None:
        return
    st.link_button(
        f"Download {words.count(result.images, 'image')} ({words.size(path.stat().st_size)})",
        downloads.link(job.id),
        icon=":material/download:",
    )
    changed = project.updated_at > (job.started_at or job.created_at)
    st.caption(
        f"Packed {words.ago(job.ended_at or job.created_at)}"
        f"{'; the project was changed since, so pack it again to include the changes.' if changed else '.'}"
    )
    if result.missing:
        names = ", ".join(words.escape_markdown(name) for name in result.missing[:3])
        st.warning(
            f"{words.count(len(result.missing), 'file is', 'files are')} missing on the disk and not included: {names}",
            icon=":material/warning:",
        )
