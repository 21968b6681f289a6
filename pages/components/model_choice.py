"""The choice of a trained model: the run that the link names, or else the one with the best validation accuracy."""

import streamlit as st

from core.catalog.runs import Run, list_runs
from pages.components import run_choice
from pages.shared import frame, state
from pages.shared.run_results import figures_of, has_model
from pages.shared.steps import MODEL
from pages.shared.workspace import database


def draw(project_id: str) -> Run:
    """Draw the choice and return the run. Without a trained model, say what to do and end the page.

    Raises:
        NotFoundError: The link names a run that does not exist or belongs to another project.
    """
    runs = list_runs(database(), project_id)
    named = run_choice.chosen(runs)
    trained = [run for run in runs if has_model(run.id)]
    if not trained:
        st.info("There is no trained network yet. Train one first.", icon=":material/info:")
        frame.step_link(MODEL, "To the model", icon=MODEL.icon)
        st.stop()
    run = named if named in trained and state.run_id() else max(trained, key=_validation_accuracy)
    run_choice.draw(trained, run)
    return run


def _validation_accuracy(run: Run) -> float:
    figures = figures_of(run)
    return figures.validation if figures else 0.0
