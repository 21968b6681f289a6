"""A network that was trained here before, to graft the next head onto."""

import streamlit as st

from core.backbones.zoo import BackboneSpec
from core.catalog.projects import list_projects
from core.catalog.runs import Run, list_runs
from core.errors import RecipeError
from core.training.recipe import load_recipe
from pages.shared import state, words
from pages.shared.run_results import figures_of, has_model
from pages.shared.workspace import database


def draw(spec: BackboneSpec) -> tuple[str, str] | None:
    """Draw the trainings of all projects in which layers of this network learned.

    Returns:
        Id and title of the run that was chosen just now; None otherwise.
    """
    runs = {run.id: run for run in list_runs(database()) if has_model(run.id) and _learned(run, spec)}
    if not runs:
        st.caption("A training in which layers of this network learned can be chosen here, once there is one.")
        return None
    projects = {project.id: project.name for project in list_projects(database())}
    titles = {run.id: f"{run.name} of {projects.get(run.project_id, '')}" for run in runs.values()}
    choice, button = st.columns([4, 1], vertical_alignment="bottom")
    chosen = choice.selectbox(
        "An earlier training of this network",
        list(runs),
        format_func=lambda run: titles[run] + _accuracy(runs[run]),
        key=state.draft_key(f"earlier-{spec.name}"),
    )
    wanted = button.button("Start from it", icon=":material/conversion_path:", width="stretch")
    return (chosen, titles[chosen]) if wanted else None


def _learned(run: Run, spec: BackboneSpec) -> bool:
    """Whether a run left other weights in this network than anybody can choose without it."""
    try:
        recipe = load_recipe(run.recipe)
    except RecipeError:
        return False
    return recipe.backbone.name == spec.name and recipe.strategy != "feature-extraction"


def _accuracy(run: Run) -> str:
    figures = figures_of(run)
    return f" · {words.percent(figures.validation)} of validation images right" if figures else ""
