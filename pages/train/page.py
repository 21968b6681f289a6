"""Train: start a run, watch it learn, stop it, come back to it."""

import streamlit as st

from core.catalog.runs import list_runs
from pages.components import run_actions, run_choice, start_run
from pages.shared import frame
from pages.shared.workspace import database
from pages.train import run_view

project = frame.project()
runs = list_runs(database(), project.id)
chosen = run_choice.chosen(runs)

st.title("Train", anchor=False)
if chosen is None:
    st.markdown("There is no run yet. Start one with the settings of the Model page, or change them there first.")
    start_run.draw(project.id)
else:
    # Beside the choice and not in the view: what the timer draws anew closes the dialogs that were opened in it.
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run_choice.draw(runs, chosen)
        run_actions.draw(chosen)
    run_view.draw(chosen.id)
    with st.expander("Start another run", icon=":material/add:"):
        start_run.draw(project.id, primary=False)
