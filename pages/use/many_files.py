"""Many files: the upload, the progress of the job, and the choice of the predictions to look through."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.catalog.cleanup import delete_predictions
from core.catalog.jobs import Job, list_jobs
from core.catalog.runs import Run
from core.intake.formats import ARCHIVE_SUFFIXES
from core.jobs.queue import resume, submit
from core.jobs.specs import PredictFilesSpec
from core.use.prediction_store import PREDICTIONS_FILE, PredictionStore
from pages.compat import UploadedFile
from pages.components import job_progress
from pages.shared import frame, state, uploads, words
from pages.shared.workspace import database, settings
from pages.use import review

_FILES, _FOLDER = "use-files", "use-folder"
_TYPES = [*uploads.IMAGE_TYPES, *dict.fromkeys(suffix.rpartition(".")[2] for suffix in ARCHIVE_SUFFIXES)]
_CHOSEN = "predictions-of-files"
_TITLE = "Classifying the files"


def is_running(project_id: str) -> bool:
    """Whether files are being classified."""
    return job_progress.running_job(project_id, PredictFilesSpec) is not None


def draw(project_id: str, run: Run) -> None:
    """Draw the upload, and below it the predictions for earlier uploads."""
    running = job_progress.running_job(project_id, PredictFilesSpec)
    if running is not None:
        job_progress.show_progress(running.id, _TITLE, _describe_end)
        return
    _draw_upload(project_id, run)
    earlier = list_jobs(database(), project_id=project_id, kinds=(PredictFilesSpec,))[::-1]
    if not earlier:
        st.info("There are no predictions of files yet. Add files above.", icon=":material/info:")
        return
    job = _choose(earlier)
    _draw_interrupted(job)
    path = settings().predictions / job.id / PREDICTIONS_FILE
    if path.is_file():
        with PredictionStore(path) as store:
            if store.count():
                review.draw(project_id, job, store)
    st.caption("Copies of these images stay in the workspace until you remove the predictions.")
    if st.button("Remove these predictions", icon=":material/delete:", key=f"remove-{job.id}"):
        frame.run_action(lambda: delete_predictions(database(), settings(), job.id))


def _draw_upload(project_id: str, run: Run) -> None:
    st.markdown(
        "Every file becomes a row of a table: its predicted class and how sure that is. Files that cannot be read get "
        "their reason. Nothing is added to the project."
    )
    left, right = st.columns(2)
    files = left.file_uploader(
        "Images or archives of them", type=_TYPES, accept_multiple_files=True, key=uploads.uploader_key(_FILES)
    )
    folder = right.file_uploader(
        "A folder, with all folders below", accept_multiple_files="directory", key=uploads.uploader_key(_FOLDER)
    )
    for name, given in ((_FILES, files), (_FOLDER, folder)):
        if given:
            frame.run_action(partial(_start, project_id, run, name, given))


def _start(project_id: str, run: Run, name: str, files: Sequence[UploadedFile]) -> None:
    folder = uploads.move_to_disk(name, files)
    submit(database(), settings(), project_id, PredictFilesSpec(run=run.id, folder=settings().relative(folder)))


def _choose(earlier: Sequence[Job]) -> Job:
    """Draw the choice between several uploads, the latest first."""
    jobs = {job.id: job for job in earlier}
    if len(jobs) == 1:
        return earlier[0]
    chosen = st.selectbox("Predictions", list(jobs), format_func=lambda one: _name(jobs[one]), key=_CHOSEN)
    return jobs[chosen]


def _name(job: Job) -> str:
    path = settings().predictions / job.id / PREDICTIONS_FILE
    if not path.is_file():
        return f"{words.moment(job.created_at)}: nothing yet"
    with PredictionStore(path) as store:
        return f"{words.moment(job.created_at)}: {words.count(store.count(), 'file')}"


def _draw_interrupted(job: Job) -> None:
    """Say that a job ended early, and offer to continue it."""
    if job.status == "finished":
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        reason = job_progress.end_reason(job)
        st.warning(f"{words.escape_markdown(reason)} What was classified is below.", icon=":material/warning:")
        if st.button("Resume", key=f"resume-{job.id}", type="primary"):
            frame.run_action(lambda: resume(database(), settings(), job.id))


def _describe_end(job: Job) -> str:
    state.set_widget(_CHOSEN, job.id)
    return "The files are classified."
