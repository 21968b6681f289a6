"""The choice of the run that a page shows."""

import zlib
from collections.abc import Callable, Sequence

import streamlit as st

from core.catalog.runs import Run, get_run
from core.errors import NotFoundError
from pages.shared import state, words
from pages.shared.workspace import database

STATUS = {
    "queued": "waiting",
    "running": "running",
    "finished": "finished",
    "stopped": "stopped",
    "failed": "failed",
}


def chosen(runs: Sequence[Run], preferred: Callable[[str], bool] = lambda _run_id: True) -> Run | None:
    """The run that the link names, or else the latest; None while the project has none.

    Args:
        runs: The runs of a project, the latest first.
        preferred: Whether the run with this id is preferred to later ones, if the link names none.

    Raises:
        NotFoundError: The link names a run that this project does not have.
    """
    named = state.run_id()
    if named is None:
        return next((run for run in runs if preferred(run.id)), runs[0] if runs else None)
    run = next((run for run in runs if run.id == named), None)
    if run is None:
        get_run(database(), named)  # raises if it does not exist
        raise NotFoundError("This run belongs to another project.", "Open that project on the Home page.")
    return run


def draw(runs: Sequence[Run], shown: Run) -> None:
    """Draw the choice of another run."""
    if len(runs) == 1:
        return
    ids = [run.id for run in runs]
    # The browser sends the title back, so titles must be unique, and other titles need another widget.
    titles = {run.id: f"{run.name} · {STATUS[run.job.status]} · {words.moment(run.job.created_at)}" for run in runs}
    key = f"run-of-{shown.id}-{zlib.crc32(repr(titles).encode())}"
    wanted = st.selectbox("Run", ids, index=ids.index(shown.id), format_func=lambda one: titles[one], key=key)
    if wanted != shown.id:
        state.set_run_id(wanted)
        st.rerun()
