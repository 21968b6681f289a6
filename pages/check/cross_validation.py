"""k-fold cross-validation: for sets whose test split is too small to say much."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.advice.cross_validation import FEWEST_FOLDS, MOST_FOLDS, CrossValidation
from core.catalog.labels import Label
from core.jobs.queue import submit
from core.jobs.specs import CrossValidateResult, CrossValidateSpec
from pages.components import charts, job_progress
from pages.components.confusion_chart import confusion_chart, matrix_window
from pages.shared import frame, words
from pages.shared.workspace import database, settings

SMALL_TEST = 100
"""Test images below which an accuracy's interval is some ten points wide or more."""
_WITHOUT_TEST, _ALL = "Without the test split", "All images"


def draw(project_id: str, labels: Sequence[Label], recipe: str | None) -> None:
    """Draw what it is, the choices, how far it is, and what it said last.

    Args:
        project_id: Whose images.
        labels: The classes with their counts.
        recipe: Whose network extracts the features, as JSON; None for the default.
    """
    with st.container(border=True):
        st.subheader("Test every image once", anchor=False, help="The field's term: k-fold cross-validation.")
        st.markdown(_why(sum(label.splits.get("test", 0) for label in labels)))
        running = job_progress.running_job(project_id, CrossValidateSpec)
        if running is not None:
            job_progress.show_progress(running.id, "Cross-validating")
            return
        _draw_choices(project_id, recipe)
        last = job_progress.last_job(project_id, CrossValidateSpec)
        if last is not None:
            job_progress.show_outcome(last, "The cross-validation")
            result = last.result_as(CrossValidateResult)
            if result is not None:
                _draw_result(last.spec_as(CrossValidateSpec), result)


def _why(test_images: int) -> str:
    small = f"Your test split has only {words.count(test_images, 'image')}, which says little. " if test_images else ""
    return (
        f"{small if test_images < SMALL_TEST else ''}The images are divided into *k* parts (*folds*). Each part is "
        "tested once, by a quick head (logistic regression) that learned from the other parts, on the features of the "
        "frozen network. Nothing is fine-tuned: this says **how well the classes can be told apart with this "
        "network**, not how good one trained model is."
    )


def _draw_choices(project_id: str, recipe: str | None) -> None:
    with st.form("cross-validation", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        folds = st.number_input("Folds (k)", FEWEST_FOLDS, MOST_FOLDS, 5, width=140)
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, width=140, help="The same seed, the same folds.")
        chosen = st.segmented_control(
            "Which images",
            [_WITHOUT_TEST, _ALL],
            default=_WITHOUT_TEST,
            required=True,
            wrap=True,
            help="Without the test split, it stays unseen until the end, so you may choose by what you read here.",
        )
        if st.form_submit_button("Cross-validate", icon=":material/repeat:"):
            spec = CrossValidateSpec(folds=int(folds), seed=int(seed), include_test=chosen == _ALL, recipe=recipe)
            frame.run_action(lambda: submit(database(), settings(), project_id, spec))


def _draw_result(spec: CrossValidateSpec, result: CrossValidateResult) -> None:
    measured = CrossValidation.model_validate(result.measured)
    with st.grid(columns="auto", min_column_width=200):
        with st.container():
            st.metric("Accuracy", words.percent(measured.accuracy.value))
            st.caption(f"95% interval: {words.between(measured.accuracy.low, measured.accuracy.high)}")
        with st.container():
            st.metric("Mean of the folds", words.percent(measured.mean))
            st.caption(f"Spread (standard deviation): ±{100 * measured.spread:.1f} points")
    st.caption(_how(spec, result.network, measured))
    with st.expander("Which class was called which", icon=":material/grid_on:"), matrix_window(len(measured.classes)):
        charts.show(confusion_chart(np.array(measured.confusion, np.int64), measured.classes), "cross-confusion")
    if spec.include_test:
        st.caption(
            "The images of the test split took part: if you choose a network by this figure, the test split is no "
            "longer untouched."
        )


def _how(spec: CrossValidateSpec, network: str, measured: CrossValidation) -> str:
    folds = ", ".join(words.percent(share) for share in measured.by_fold)
    said = (
        f"{words.count(measured.images, 'image')}, each tested once with {network}, seed {measured.seed}. "
        f"The {measured.folds} folds: {folds}."
    )
    if measured.folds < spec.folds:
        said += f" {spec.folds} folds were not possible: no class has so many images or groups."
    if measured.sets:
        said += f" {words.count(measured.sets, 'set')} of copies, bursts or groups stayed whole."
    if measured.left_out:
        said += (
            f" {words.count(measured.left_out, 'image')} could not be tested: of a class that is one single image or "
            "group, nothing is left to learn from."
        )
    return said
