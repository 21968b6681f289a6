"""The button that starts a run, and what is still missing before it can start."""

import streamlit as st

from core.catalog.items import Filter, count_items
from core.dataset.manifest import TRAIN as TRAIN_SPLIT
from core.dataset.project import project_manifest
from core.errors import DatasetError, RecipeError
from core.jobs.queue import submit_run
from core.training.plan import make_plan
from core.training.recipe import Recipe, Strategy, WeightsKind
from pages.shared import frame, recipe_editor, words
from pages.shared.steps import IMAGES, TRAIN
from pages.shared.workspace import database, settings

_WEIGHTS: dict[WeightsKind, str] = {
    "imagenet": "ImageNet weights",
    "starter": "starter weights",
    "file": "your weights",
    "none": "random weights",
}
_TRAINED: dict[Strategy, str] = {
    "feature-extraction": "a new head",
    "partial": "a new head and the last layers",
    "full": "a new head and all layers",
    "scratch": "all layers from random weights",
}


def draw(project_id: str) -> None:
    """Draw a sentence that sums up the run, an optional name, and the button."""
    recipe_editor.apply_default(project_id)
    recipe = recipe_editor.recipe(project_id)
    problem = _find_problem(project_id, recipe)
    if problem:
        st.warning(words.escape_markdown(problem), icon=":material/warning:")
        frame.step_link(IMAGES, "To the images", icon=IMAGES.icon)
    name = st.text_input("Name of the run (optional)", key=f"run-name-{project_id}", placeholder="With more photos")
    if not problem:
        st.caption(_summary(project_id, recipe))
    if st.button("Start training", type="primary", icon=":material/play_arrow:", disabled=bool(problem)):
        with frame.show_errors():
            run = submit_run(database(), settings(), project_id, recipe, " ".join(name.split()))
            frame.go_to(TRAIN, run_id=run)


def _find_problem(project_id: str, recipe: Recipe) -> str:
    """The reason why no run can start yet; empty if one can."""
    try:
        manifest = project_manifest(database(), project_id)
        manifest.check()
        make_plan(recipe, classes=len(manifest.classes), training_images=len(manifest.rows(TRAIN_SPLIT)))
    except (DatasetError, RecipeError) as error:
        return str(error)
    return ""


def _summary(project_id: str, recipe: Recipe) -> str:
    plan = make_plan(recipe, classes=2)
    epochs = sum(phase.epochs for phase in plan.phases)
    images = count_items(database(), project_id, Filter(split="train", excluded=False))
    return (
        f"{plan.spec.name} with {_WEIGHTS[recipe.backbone.weights]}: {_TRAINED[recipe.strategy]}, at most "
        f"{words.count(epochs, 'epoch')} over {words.count(images, 'training image')}."
    )
