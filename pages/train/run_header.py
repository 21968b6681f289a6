"""The header of a run: its name, status, figures and buttons; while it runs, how far it is."""

import time

import streamlit as st

from core.catalog import jobs
from core.catalog.runs import Run
from core.jobs.events import Epoch
from core.jobs.queue import resume
from core.jobs.specs import SPECS
from pages.components import job_progress
from pages.components.run_choice import STATUS
from pages.shared import frame, words
from pages.shared.run_log import RunLog
from pages.shared.run_results import has_results
from pages.shared.steps import MODEL, RESULTS
from pages.shared.workspace import database, settings

_COLOURS = {"queued": "gray", "running": "blue", "finished": "green", "stopped": "orange", "failed": "red"}


def draw(run: Run, log: RunLog) -> None:
    """Draw the header of a run and, while it has not ended, its progress."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(words.escape_markdown(run.name), anchor=False, width="content")
        st.badge(STATUS[run.job.status], color=_COLOURS[run.job.status])  # type: ignore[arg-type]  # one of its names
        st.space("stretch")
        _draw_actions(run)
    with st.grid(columns=3, min_column_width=150):
        title = f"Validation accuracy of the {'kept epoch' if run.job.ended else 'best epoch so far'}"
        value = words.percent(log.best.val_accuracy) if log.best else "none yet"
        st.metric(
            title,
            value,
            help="The epoch with the lowest validation loss is kept, not the one with the highest accuracy.",
        )
        st.metric("Epochs", _epochs(log))
        st.metric("Time", _time(log))
    if log.started is not None:
        engine = f", frozen layers by {log.started.engine}" if log.started.engine else ""
        st.caption(f"Device: {words.escape_markdown(log.started.device)}{words.escape_markdown(engine)}")
    if not run.job.ended:
        _draw_progress(run, log)


def _draw_actions(run: Run) -> None:
    job = run.job
    if not job.ended:
        title = "Stopping …" if job.stop_requested else "Stop training"
        help_text = "Training ends after this step. The best epoch so far is kept and measured."
        if st.button(title, icon=":material/stop:", disabled=job.stop_requested, help=help_text):
            frame.run_action(lambda: jobs.request_stop(database(), run.id))
    else:
        if has_results(run.id) and st.button("See the results", type="primary", icon=RESULTS.icon):
            frame.go_to(RESULTS, run_id=run.id)
        if job.status != "finished":
            help_text = "Continues after the last epoch that was saved."
            if st.button("Resume", icon=":material/play_arrow:", help=help_text):
                frame.run_action(lambda: resume(database(), settings(), run.id), "The run continues.")
            frame.step_link(MODEL, "Change the settings", icon=MODEL.icon)


def _epochs(log: RunLog) -> str:
    if not log.epochs:
        return "none yet"
    *_, last = log.epochs.values()
    return f"{last.epoch} of {last.epochs}"


def _time(log: RunLog) -> str:
    seconds = log.computing_seconds(time.time())
    return "none yet" if seconds is None else words.duration(seconds)


def _draw_progress(run: Run, log: RunLog) -> None:
    """Draw the place in the queue; then the finished stages and the bar of the current one; then the epochs."""
    if run.job.status == "queued":
        st.progress(0.0, _place_in_queue(run))
        return
    *finished, current = log.stages.values() if log.stages else (None,)
    for timed in finished:
        if timed is not None:
            st.caption(f":material/check: {timed.stage.name}: {words.duration(timed.seconds)}")
    if log.in_epochs:
        _draw_epochs(log)
    elif current is None:
        st.progress(0.0, "Starting")
    else:
        job_progress.show_stage(run.job, current.stage, current.stage.name)


def _place_in_queue(run: Run) -> str:
    waiting = jobs.list_jobs(database(), status=("queued", "running"))
    ahead = [job for job in waiting if job.created_at < run.job.created_at and SPECS[job.kind].resource == "train"]
    if not ahead:
        return "Waiting for a worker; this run is next"
    return f"Waiting; {words.count(len(ahead), 'run is', 'runs are')} before it"


def _phase_left(log: RunLog, last: Epoch) -> str:
    """The time left of the current phase; the next one cannot be estimated before its first step."""
    left = words.time_left(log.seconds_left)
    if not left or (log.batch is None and not log.seconds_left):
        return ""
    phase = log.batch.phase if log.batch else last.phase
    if phase == "head" and last.next_phase:
        return f", {left} for the head at most, then fine-tuning"
    return f", {left} at most"


def _draw_epochs(log: RunLog) -> None:
    batch, last = log.batch, next(reversed(log.epochs.values()), None)
    share = batch.batch / batch.batches if batch and batch.batches else 0.0
    if last is not None:
        st.progress(
            min(1.0, (last.epoch + share) / last.epochs),
            f"Epoch {last.epoch} of at most {last.epochs} has ended{_phase_left(log, last)}",
        )
    if batch is not None:
        st.progress(
            min(1.0, share),
            f"Epoch {batch.epoch}, step {batch.batch} of {batch.batches}: loss {batch.loss:.3f}, training accuracy "
            f"{words.percent(batch.accuracy)}",
        )
