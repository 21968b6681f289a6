"""How far a run is: its place in the queue, then its stages, then its epochs."""

import streamlit as st

from core.catalog import jobs
from core.catalog.runs import Run
from core.jobs.specs import HANDLERS
from pages.components import job_progress
from pages.shared import words
from pages.shared.run_log import RunLog
from pages.shared.workspace import database


def draw(run: Run, story: RunLog) -> None:
    """Draw the bar of what is being done now, below what was done before."""
    if run.job.status == "queued":
        st.progress(0.0, _place_in_queue(run))
        return
    *earlier, current = story.stages.values() if story.stages else (None,)
    for timed in earlier:
        if timed is not None:
            st.caption(f":material/check: {timed.stage.name}: {words.duration(timed.seconds)}")
    if story.trains:
        _draw_epochs(story)
    elif current is None:
        st.progress(0.0, "Starting")
    else:
        job_progress.show_stage(run.job, current.stage, current.stage.name)


def _place_in_queue(run: Run) -> str:
    waiting = jobs.list_jobs(database(), status=("queued", "running"))
    ahead = [job for job in waiting if job.created_at < run.job.created_at and HANDLERS[job.kind].resource == "train"]
    if not ahead:
        return "Waiting for a worker; this run is next"
    return f"Waiting; {words.count(len(ahead), 'run is', 'runs are')} before it"


def _draw_epochs(story: RunLog) -> None:
    batch, last = story.batch, next(reversed(story.epochs.values()), None)
    share = batch.batch / batch.batches if batch and batch.batches else 0.0
    if last is not None:
        left = words.time_left(story.seconds_left)
        st.progress(
            min(1.0, (last.epoch + share) / last.epochs),
            f"Epoch {last.epoch} of at most {last.epochs} has ended" + (f", {left} at most" if left else ""),
        )
    if batch is not None:
        st.progress(
            min(1.0, share),
            f"Epoch {batch.epoch}, step {batch.batch} of {batch.batches}: loss {batch.loss:.3f}, training accuracy "
            f"{words.percent(batch.accuracy)}",
        )
