"""What transfer learning gains: the same network with pretrained and with random weights, on the same split."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.advice.changes import with_strategy
from core.backbones.zoo import find_backbone
from core.catalog.projects import Project
from core.catalog.runs import Run
from core.dataset.manifest import Manifest
from core.dataset.manifest_file import FILE_NAME, load_manifest
from core.evaluation.metrics.transfer import TransferBenefit, measure_benefit
from core.jobs.events import Epoch
from core.jobs.queue import submit_run
from core.training.recipe import Recipe, load_recipe
from pages.components import charts
from pages.shared import frame, words
from pages.shared.run_log import read_epochs
from pages.shared.run_results import current_manifest
from pages.shared.steps import TRAIN
from pages.shared.workspace import database, settings


def draw(project: Project, runs: Sequence[Run], run: Run) -> None:
    """Draw the curves of a run and of its counterpart, or the button that trains the counterpart."""
    st.subheader("What transfer learning gains", anchor=False)
    recipe = load_recipe(run.recipe)
    counterpart = _find_counterpart(runs, run, recipe)
    if counterpart is None:
        _offer(project, run, recipe)
        return
    transfer, scratch = (counterpart, run) if recipe.strategy == "scratch" else (run, counterpart)
    epochs, from_scratch = read_epochs(transfer.id), read_epochs(scratch.id)
    if epochs and from_scratch:
        _draw_curves(epochs, from_scratch)
    if not counterpart.job.ended:
        st.caption(
            f"“{words.escape_markdown(counterpart.name)}” is still training; the curves are complete when it has ended."
        )
    elif not (epochs and from_scratch):
        st.caption(f"“{words.escape_markdown(counterpart.name)}” ended before its first epoch.")
    frame.step_link(TRAIN, f"To {words.escape_markdown(counterpart.name)}", run_id=counterpart.id, icon=TRAIN.icon)


def _find_counterpart(runs: Sequence[Run], run: Run, recipe: Recipe) -> Run | None:
    """The latest run that differs only in whether its weights were pretrained."""
    images = _images(run)
    return next(
        (one for one in runs if _are_counterparts(recipe, load_recipe(one.recipe)) and _same(images, one)), None
    )


def _are_counterparts(one: Recipe, other: Recipe) -> bool:
    if (one.strategy == "scratch") == (other.strategy == "scratch"):
        return False
    return _from_scratch(one) == _from_scratch(other)


def _from_scratch(recipe: Recipe) -> Recipe:
    return with_strategy(recipe, "scratch", "none")


def _with_transfer(recipe: Recipe) -> Recipe:
    return with_strategy(recipe, "feature-extraction", find_backbone(recipe.backbone.name).weights_kinds[0])


def _images(run: Run) -> Manifest | None:
    """The manifest of a run; None before it began."""
    folder = settings().runs / run.id
    return load_manifest(folder) if (folder / FILE_NAME).is_file() else None


def _same(images: Manifest | None, other: Run) -> bool:
    """Whether another run has the same images and split; one that has not begun counts as the same."""
    others = _images(other)
    return images is None or others is None or _same_images(images, others)


def _same_images(one: Manifest, other: Manifest) -> bool:
    return (
        one.classes == other.classes
        and one.digests == other.digests
        and np.array_equal(one.labels, other.labels)
        and np.array_equal(one.splits, other.splits)
    )


def _offer(project: Project, run: Run, recipe: Recipe) -> None:
    scratch = recipe.strategy == "scratch"
    other = _with_transfer(recipe) if scratch else _from_scratch(recipe)
    how = "from pretrained weights" if scratch else "from random weights"
    title = "Train it with transfer to compare" if scratch else "Train it from scratch to compare"
    suffix = "with transfer" if scratch else "from scratch"
    trained = _images(run)
    changed = trained is not None and not _same_images(trained, current_manifest(project.id, project.updated_at))
    text = f"Train the same network {how}, on the same split, and see both curves side by side."
    if changed:
        text += " The images have changed since this run, so both are trained again."
    st.caption(text)
    if st.button(title, icon=":material/compare_arrows:"):
        with frame.show_errors():
            name = run.name.removesuffix(f", {suffix}")
            if changed:
                submit_run(database(), settings(), project.id, recipe, f"{name}, again")
            counterpart_id = submit_run(database(), settings(), project.id, other, f"{name}, {suffix}")
            frame.go_to(TRAIN, run_id=counterpart_id)


def _draw_curves(transfer: list[Epoch], scratch: list[Epoch]) -> None:
    charts.show(charts.validation_curves([("with transfer", transfer), ("from scratch", scratch)]), key="transfer")
    st.markdown(_in_words(measure_benefit(transfer, scratch)))


def _in_words(benefit: TransferBenefit) -> str:
    transfer, scratch = benefit.transfer, benefit.scratch
    return (
        f"- {_verdict(benefit.higher_start, 'start')}: after the first epoch, **{words.percent(transfer.start)}** of "
        f"the validation images were correct with transfer, **{words.percent(scratch.start)}** from scratch.\n"
        f"- {_verdict(benefit.higher_slope, 'slope')}: {words.percent(benefit.matched)} were reached in epoch "
        f"**{transfer.epochs_to_match}** with transfer, in epoch **{scratch.epochs_to_match}** from scratch.\n"
        f"- {_verdict(benefit.higher_asymptote, 'asymptote')}: at their best, **{words.percent(transfer.best)}** and "
        f"**{words.percent(scratch.best)}**."
    )


def _verdict(higher: bool, what: str) -> str:
    return f"{'Higher' if higher else 'No higher'} {what}"
