"""The head of a run: its name, how it stands, where it runs, and what can be done with it now."""

import time

import streamlit as st

from core.catalog import jobs
from core.catalog.runs import Run
from core.jobs.queue import resume
from pages.components.run_choice import STATUS
from pages.shared import frame, words
from pages.shared.run_log import RunLog
from pages.shared.steps import MODEL, RESULTS
from pages.shared.workspace import database, settings

_COLOURS = {"queued": "gray", "running": "blue", "finished": "green", "stopped": "orange", "failed": "red"}


def draw(run: Run, story: RunLog) -> None:
    """Draw it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(words.escape_markdown(run.name), anchor=False, width="content")
        st.badge(STATUS[run.job.status], color=_COLOURS[run.job.status])  # type: ignore[arg-type]  # one of its names
        st.space("stretch")
        _draw_actions(run)
    with st.grid(columns=3, min_column_width=150):
        st.metric("Best validation accuracy", words.percent(story.best.val_accuracy) if story.best else "none yet")
        st.metric("Epochs", _epochs(story))
        st.metric("Time", _time(run))
    if story.started is not None:
        engine = f", frozen layers by {story.started.engine}" if story.started.engine else ""
        st.caption(f"Device: {words.escape_markdown(story.started.device)}{words.escape_markdown(engine)}")


def _draw_actions(run: Run) -> None:
    job = run.job
    if not job.ended:
        title = "Stopping …" if job.stop_requested else "Stop training"
        help_text = "Ends after this step; the best epoch so far is kept and measured."
        if st.button(title, icon=":material/stop:", disabled=job.stop_requested, help=help_text):
            frame.run_action(lambda: jobs.request_stop(database(), run.id))
    elif job.status == "finished":
        frame.step_link(RESULTS, "See the results", run_id=run.id, icon=RESULTS.icon)
    else:
        if st.button("Resume", icon=":material/play_arrow:", help="Goes on after the last epoch that was kept."):
            frame.run_action(lambda: resume(database(), settings(), run.id), "The run goes on.")
        frame.step_link(MODEL, "Change the choices", icon=MODEL.icon)


def _epochs(story: RunLog) -> str:
    if not story.epochs:
        return "none yet"
    *_, last = story.epochs.values()
    return f"{last.epoch} of {last.epochs}"


def _time(run: Run) -> str:
    if run.job.started_at is None:
        return "none yet"
    return words.duration((run.job.ended_at or time.time()) - run.job.started_at)
