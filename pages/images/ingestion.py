"""The progress and outcome of jobs that add images or split them, and the rejected files."""

from collections.abc import Sequence

import streamlit as st

from core.catalog.cleanup import find_failed_samples
from core.catalog.items import RejectedFile, clear_rejected_files
from core.catalog.jobs import Job
from core.jobs.specs import IngestResult, IngestSpec, Spec, SplitDatasetSpec
from pages.components import job_progress
from pages.shared import frame, words
from pages.shared.steps import HOME
from pages.shared.workspace import database

_TITLES: dict[type[Spec], str] = {IngestSpec: "Adding images", SplitDatasetSpec: "Splitting the dataset"}
PAGE = 50


def draw(project_id: str) -> bool:
    """Draw the progress of a running job, or why the last one failed; return whether one is running."""
    running = job_progress.running_job(project_id, *_TITLES)
    if running is not None:
        job_progress.show_progress(running.id, _TITLES[type(running.spec)], _summary)
        return True
    if project_id in find_failed_samples(database()):
        frame.go_to(HOME)  # which says why, and deletes the project
    for kind, title in _TITLES.items():
        last = job_progress.last_job(project_id, kind)
        if last is not None:
            job_progress.show_outcome(last, title)
    return False


def _summary(job: Job) -> str:
    result = job.result
    if not isinstance(result, IngestResult):
        return "The dataset was split."
    if result.guess is not None or result.question is not None or result.names is not None:
        return ""
    sentence = f"{words.count(result.accepted, 'image was', 'images were')} added."
    if result.already_present:
        sentence += f" {words.count(result.already_present, 'image was', 'images were')} there already."
    if result.corrected or result.relabelled:
        changed = max(result.corrected, result.relabelled)
        sentence += f" {words.count(changed, 'image')} got what the table gives now; this can be undone."
    if result.rejected:
        sentence += f" {words.count(result.rejected, 'file was', 'files were')} rejected; see “Rejected files”."
    return sentence


def show_rejected(project_id: str, rejected_files: Sequence[RejectedFile]) -> None:
    """Show the list of rejected files and the button that clears it."""
    st.markdown(f"{words.count(len(rejected_files), 'file was', 'files were')} rejected; all others were added.")
    pages = -(-len(rejected_files) // PAGE)
    listed = st.container()
    page = st.pagination(pages, key=f"rejected-page-{pages}") if pages > 1 else 1
    listed.markdown("\n".join(_line(rejected) for rejected in rejected_files[(page - 1) * PAGE : page * PAGE]))
    if st.button("Clear this list", icon=":material/done_all:"):
        frame.run_action(lambda: clear_rejected_files(database(), project_id), "The list was cleared.")


def _line(rejected: RejectedFile) -> str:
    return f"- **{words.escape_markdown(rejected.name)}**: {words.escape_markdown(rejected.reason)}"
