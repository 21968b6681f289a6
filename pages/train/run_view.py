"""One run: its header, why it ended, its learning curves, and its log in sentences."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.catalog.jobs import list_jobs
from core.catalog.runs import Run, get_run
from core.jobs.specs import TrainSpec
from pages.shared import frame, state, words
from pages.shared.run_log import LogLine, RunLog, read_log
from pages.shared.workspace import database, settings
from pages.train import learning_curves, replay, run_header

REFRESH_SECONDS = 1.0
LOG_LINES = 60


def _refresh_seconds(run_id: str) -> float | None:
    return replay.pace_of(run_id) if get_run(database(), run_id).job.ended else REFRESH_SECONDS


@frame.auto_refresh(_refresh_seconds)
def draw(run_id: str) -> None:
    """Draw a run, every second anew until it has ended, and in the pace of its replay."""
    run = get_run(database(), run_id)
    _redraw_page_on_change(run)
    log = _log(run)
    run_header.draw(run, log)
    if run.job.ended and run.job.status != "finished":
        _draw_end(run, log)
    if log.epochs:
        epochs = list(log.epochs.values())
        shown = replay.draw(run.id, epochs) if run.job.ended else epochs
        learning_curves.draw(run.id, epochs, shown, ended=run.job.ended)
    _draw_lines(log.lines)


def _redraw_page_on_change(run: Run) -> None:
    """Draw the whole page when a run of the project starts or ends: the list of runs shows it, and the timer ends."""
    runs = list_jobs(database(), project_id=run.project_id, kinds=(TrainSpec,))
    status = {job.id: job.status for job in runs}
    watched = state.get("watched-runs", (run.id, status))
    state.set("watched-runs", (run.id, status))
    if watched != (run.id, status) and watched[0] == run.id:
        st.rerun()


def _log(run: Run) -> RunLog:
    """The log so far; the tab keeps it, so that only new events are read."""
    known_id, known = state.get("run-log", ("", RunLog()))
    log = read_log(run.id, known if known_id == run.id else None)
    state.set("run-log", (run.id, log))
    return log


def _draw_end(run: Run, log: RunLog) -> None:
    ended = log.ended
    if ended is None:
        st.info("It was stopped before it began.", icon=":material/info:")
        return
    text = words.escape_markdown(f"{ended.reason} {ended.hint}".strip())
    if ended.status == "failed":
        st.error(text, icon=":material/error:")
    else:
        st.info(text, icon=":material/info:")
    output = ended.detail or _end_of_file(settings().logs / f"{run.id}.log")
    if ended.status == "failed" and output:
        with st.expander("For an engineer: the end of the worker's log"):
            st.code(output, language=None)


def _end_of_file(path: Path) -> str:
    if not path.is_file():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])


def _draw_lines(lines: Sequence[LogLine]) -> None:
    if not lines:
        return
    st.subheader("What happened", anchor=False)
    began = lines[0].at
    for line in lines:
        icon = ":material/warning: " if line.warning else ""
        st.markdown(f"{icon}{words.escape_markdown(line.text)} :small[:gray[{words.duration(line.at - began)}]]")
