"""The button that starts a run, and what is still missing before it can start."""

import streamlit as st

from core.backbones.speed import read_speeds
from core.catalog.items import Filter, count_items
from core.catalog.runs import list_runs
from core.dataset.manifest import TRAIN as TRAIN_SPLIT
from core.dataset.project import project_manifest
from core.errors import DatasetError, RecipeError
from core.jobs.queue import submit_run
from core.training.plan import make_plan
from core.training.recipe import Recipe, Strategy, WeightsKind, dump_recipe, load_recipe
from pages.shared import frame, recipe_editor, words
from pages.shared.recipe_differences import differences
from pages.shared.run_results import figures_of
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


def draw(project_id: str, *, in_sight: bool = False, primary: bool = True) -> None:
    """Draw an optional name, what the run will do in a sentence, and the button that starts it.

    Args:
        project_id: The project.
        in_sight: Whether the sentence and the button stay at the bottom of the window while the page scrolls.
        primary: Whether it is the main button of the page.
    """
    recipe_editor.apply_default(project_id)
    recipe = recipe_editor.recipe(project_id)
    problem = _find_problem(project_id, recipe)
    if problem:
        st.warning(words.escape_markdown(problem), icon=":material/warning:")
        frame.step_link(IMAGES, "To the images", icon=IMAGES.icon)
    name = st.text_input("Name of the run (optional)", key=f"run-name-{project_id}", placeholder="With more photos")
    place = st.bottom if in_sight else st.container()
    with place, st.container(horizontal=True, vertical_alignment="center"):
        text = words.escape_markdown(problem) if problem else _sum_up(project_id, recipe)
        st.markdown(f":small[{text}]", width="stretch")
        started = st.button(
            "Start training",
            type="primary" if primary else "secondary",
            icon=":material/play_arrow:",
            disabled=bool(problem),
        )
    if started:
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


def _sum_up(project_id: str, recipe: Recipe) -> str:
    """The network, what of it is frozen, the epochs, every setting that is not the default, and the time."""
    plan = make_plan(recipe, classes=2)
    epochs = sum(phase.epochs for phase in plan.phases)
    images = count_items(database(), project_id, Filter(split="train", excluded=False))
    return (
        f"**{plan.spec.name}** with {_WEIGHTS[recipe.backbone.weights]}: {_TRAINED[recipe.strategy]}, "
        f"{plan.frozen_layers} of {words.count(plan.spec.layers, 'layer')} frozen, at most "
        f"{words.count(epochs, 'epoch')} over {words.count(images, 'training image')}.{_other_settings(recipe)}"
        f"{_time(project_id, recipe, plan.spec.name)}"
    )


def _other_settings(recipe: Recipe) -> str:
    """Every setting that is not the default and that the sentence does not name already."""
    fine_tunes = recipe.strategy in {"partial", "full"}
    phase = Recipe().fine_tune_phase.model_copy(update={"epochs": recipe.fine_tune_phase.epochs})
    named: dict[str, object] = {
        "backbone": recipe.backbone,
        "strategy": recipe.strategy,
        "cut": recipe.cut,
        "frozen_layers": recipe.frozen_layers,
        "head_phase": Recipe().head_phase.model_copy(update={"epochs": recipe.head_phase.epochs}),
        "fine_tune_phase": phase if fine_tunes else recipe.fine_tune_phase,
    }
    if not recipe.augmentation.views:
        named["augmentation"] = recipe.augmentation
    changed = differences(recipe, Recipe().model_copy(update=named))
    listed = ", ".join(f"{name} {value}" for name, value in changed.items())
    return f" Also: {words.escape_markdown(listed)}." if listed else ""


def _time(project_id: str, recipe: Recipe, network: str) -> str:
    """How long it will take, as far as it was measured: the last run of this kind, or the speed of the network."""
    for run in list_runs(database(), project_id):
        figures = figures_of(run)
        if figures is not None and _kind(run.recipe) == _kind(dump_recipe(recipe)):
            return f" The last run of this kind took {words.duration(figures.seconds)}."
    speed = read_speeds(settings()).get(network)
    if speed is None or recipe.strategy == "scratch":
        return ""
    images = count_items(database(), project_id, Filter(excluded=False)) * (1 + recipe.augmentation.views)
    return f" Computing the features takes about {words.duration(images / speed)}, unless they are cached."


def _kind(recipe: str) -> tuple[str, str, int] | None:
    """What the time of a run depends on most; None for a recipe of another version."""
    try:
        read = load_recipe(recipe)
    except RecipeError:
        return None
    return read.backbone.name, read.strategy, read.augmentation.views
