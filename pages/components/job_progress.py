"""The progress of a job, the time left and how it ended."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from core.catalog import jobs
from core.catalog.jobs import Job
from core.jobs.events import Ended, Message, Stage
from core.jobs.queue import read_events, resume
from core.jobs.specs import Spec
from pages.shared import frame, state, words
from pages.shared.workspace import database, settings

E = TypeVar("E", Ended, Stage)
REFRESH_SECONDS = 0.5
# Share of a stage before which the estimate is mostly start-up time.
ESTIMATED_FROM = 0.03
_DISMISSED = "dismissed-jobs"


def running_job(project_id: str, *kinds: type[Spec]) -> Job | None:
    """The queued or running job of these kinds, if any."""
    return next(
        iter(jobs.list_jobs(database(), project_id=project_id, kinds=kinds, status=("queued", "running"))), None
    )


def last_job(project_id: str, kind: type[Spec]) -> Job | None:
    """The latest job of a kind, if any."""
    return next(reversed(jobs.list_jobs(database(), project_id=project_id, kinds=(kind,))), None)


@frame.auto_refresh(lambda *_args, **_kwargs: REFRESH_SECONDS)
def show_progress(job_id: str, title: str, done: Callable[[Job], str] = lambda _job: "") -> None:
    """Show the progress of a job; when it has ended, rerun the whole page.

    Args:
        job_id: Which job.
        title: Text before the first stage begins.
        done: Gives the sentence for a finished job; empty for none.
    """
    job = jobs.get_job(database(), job_id)
    if job.ended:
        if job.status == "finished" and (sentence := done(job)):
            state.notify(sentence)
        st.rerun()
    bar, button = st.columns([6, 1], vertical_alignment="center")
    with bar:
        show_stage(job, _last(job_id, Stage), title)
    if button.button("Cancel", disabled=job.stop_requested, key=f"cancel-{job_id}", width="stretch"):
        frame.run_action(lambda: jobs.request_stop(database(), job_id))


def show_stage(job: Job, stage: Stage | None, title: str) -> None:
    """Show the bar of a stage with its numbers and the time left."""
    if job.stop_requested:
        st.progress(_share(stage), f"{title}: stopping")
    elif job.status == "queued":
        st.progress(0.0, f"{title}: waiting for a worker")
    elif stage is None:
        st.progress(0.0, title)
    else:
        st.progress(_share(stage), stage_text(stage))


def stage_text(stage: Stage) -> str:
    """Write the progress of a stage: `Adding images: 120 of 400 images, about 12 s left`."""
    parts = []
    if stage.total:
        parts.append(_units(stage))
    if stage.total * ESTIMATED_FROM <= stage.done < stage.total and (left := words.time_left(stage.seconds_left)):
        parts.append(left)
    return f"{stage.name}: {', '.join(parts)}" if parts else stage.name


def show_outcome(job: Job, title: str) -> None:
    """Show why a job failed or stopped, until the person dismisses it."""
    if job.status not in ("failed", "stopped") or job.id in state.get(_DISMISSED, frozenset[str]()):
        return
    ended, text = _last(job.id, Ended), end_reason(job)
    with st.container(horizontal=True, vertical_alignment="center"):
        draw = st.error if job.status == "failed" else st.warning
        how = "failed" if job.status == "failed" else "was stopped"
        draw(f"**{title}** {how}. {words.escape_markdown(text)}", width="stretch")
        if job.status == "failed" and st.button("Resume", key=f"resume-{job.id}"):
            frame.run_action(lambda: resume(database(), settings(), job.id))
        if st.button("Dismiss", key=f"dismiss-{job.id}"):
            state.set(_DISMISSED, state.get(_DISMISSED, frozenset[str]()) | {job.id})
            st.rerun()
    if ended and ended.detail:
        with st.expander("Technical details: the end of the log"):
            st.code(ended.detail, language=None)


def end_reason(job: Job) -> str:
    """Say why a job ended, and what to do next."""
    ended = _last(job.id, Ended)
    return f"{ended.reason} {ended.hint}".strip() if ended else "Cancelled before it began."


def show_warnings(job_id: str) -> None:
    """Show the warnings of a job."""
    for _number, _at, event in read_events(database(), job_id):
        if isinstance(event, Message) and event.level == "warning":
            st.warning(words.escape_markdown(event.text), icon=":material/warning:")


def _last(job_id: str, kind: type[E]) -> E | None:
    story = read_events(database(), job_id)
    return next((event for _number, _at, event in reversed(story) if isinstance(event, kind)), None)


def _share(stage: Stage | None) -> float:
    return min(1.0, stage.done / stage.total) if stage and stage.total else 0.0


def _units(stage: Stage) -> str:
    if stage.unit == "bytes":
        return f"{stage.done / 1e6:,.1f} of {stage.total / 1e6:,.1f} MB"
    return f"{stage.done:,} of {stage.total:,} {stage.unit}".rstrip()
