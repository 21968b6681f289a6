"""One run, as it goes on: where it runs, how far it is, how well it learns, what happened."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.catalog.runs import Run, get_run
from core.jobs.queue import read_story
from pages.shared import frame, state, words
from pages.shared.run_log import Line, RunLog, tell
from pages.shared.workspace import database, settings
from pages.train import run_header, run_learning, run_progress

LOOK_SECONDS = 1.0
LOG_LINES = 60


def _look_again(run_id: str) -> float | None:
    return None if get_run(database(), run_id).job.ended else LOOK_SECONDS


@frame.auto_refresh(_look_again)
def draw(run_id: str) -> None:
    """Draw a run; while it goes on, every second anew."""
    run = get_run(database(), run_id)
    _leave_when_ended(run)
    story = _story(run)
    run_header.draw(run, story)
    if not run.job.ended:
        run_progress.draw(run, story)
    elif run.job.status != "finished":
        _draw_end(run, story)
    if story.epochs:
        run_learning.draw(run.id, list(story.epochs.values()))
    _draw_lines(story.lines)


def _leave_when_ended(run: Run) -> None:
    """Draw the whole page once more when a run that was watched has ended, and stop looking."""
    watched = state.get("watched-run", "") == run.id
    state.set("watched-run", "" if run.job.ended else run.id)
    if watched and run.job.ended:
        st.rerun()


def _story(run: Run) -> RunLog:
    """The story so far; what was read before is not read again."""
    known, story = state.get("story", ("", RunLog()))
    if known != run.id:
        story = RunLog()
    tell(story, read_story(database(), run.id, story.number))
    state.set("story", (run.id, story))
    return story


def _draw_end(run: Run, story: RunLog) -> None:
    ended = story.ended
    if ended is None:
        st.info("It was stopped before it began.", icon=":material/info:")
        return
    said = words.escape_markdown(f"{ended.reason} {ended.hint}".strip())
    if ended.status == "failed":
        st.error(said, icon=":material/error:")
    else:
        st.info(said, icon=":material/info:")
    log = ended.detail or _end_of_log(settings().logs / f"{run.id}.log")
    if ended.status == "failed" and log:
        with st.expander("For an engineer: the end of the log"):
            st.code(log, language=None)


def _end_of_log(path: Path) -> str:
    if not path.is_file():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])


def _draw_lines(lines: Sequence[Line]) -> None:
    if not lines:
        return
    st.subheader("What happened", anchor=False)
    began = lines[0].at
    for line in lines:
        icon = ":material/warning: " if line.warning else ""
        st.markdown(f"{icon}{words.escape_markdown(line.text)} :small[:gray[{words.duration(line.at - began)}]]")
