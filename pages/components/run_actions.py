"""Renaming and deleting runs: a menu for one run, and the question before runs are deleted."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.catalog.cleanup import delete_run_files
from core.catalog.runs import Run, delete_run, rename_run
from pages.shared import frame, state, words
from pages.shared.workspace import database, settings


def draw(run: Run) -> None:
    """Draw the menu of a run."""
    actions: dict[str, Callable[[], None]] = {"Rename": lambda: _rename(run), "Delete": lambda: ask_to_delete([run])}
    chosen = st.menu_button("More", list(actions), key=f"more-{run.id}", help="Rename or delete this run")
    if chosen is not None:
        actions[chosen]()


@frame.dialog("Rename the run")
def _rename(run: Run) -> None:
    with st.form("rename-run", border=False):
        name = st.text_input("New name", value=run.name)
        if st.form_submit_button("Rename", type="primary"):
            frame.run_action(
                lambda: rename_run(database(), run.id, name), f"The run is now called “{' '.join(name.split())}”."
            )


@frame.dialog("Delete?")
def ask_to_delete(runs: Sequence[Run]) -> None:
    """Ask whether to delete runs; those that have not ended must be stopped first."""
    running = [run.name for run in runs if not run.job.ended]
    names = ", ".join(f"“{words.escape_markdown(run.name)}”" for run in runs)
    if running:
        st.markdown(f"{names} cannot be deleted while a run waits or runs. Stop it first, on the Train page.")
        return
    st.markdown(
        f"{names} will be deleted for good, with the model, the results and the exported bundles. "
        "The images stay, and so do other runs."
    )
    with st.container(horizontal=True):
        if st.button("Delete for good", type="primary"):
            title = f"“{runs[0].name}” was deleted." if len(runs) == 1 else f"{len(runs)} runs were deleted."
            frame.run_action(lambda: _delete(runs), title)
        if st.button("Keep" if len(runs) > 1 else "Keep it"):
            st.rerun()


def _delete(runs: Sequence[Run]) -> None:
    for run in runs:
        delete_run(database(), run.id)
        delete_run_files(settings(), run.id)
        if state.run_id() == run.id:
            state.set_run_id(None)
