"""k-fold cross-validation, for image sets with a small test split."""

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
"""With fewer test images, the interval of an accuracy is wider than about ten points."""
_WITHOUT_TEST, _ALL = "Without the test split", "All images"


def draw(project_id: str, labels: Sequence[Label], recipe: str | None) -> None:
    """Draw the explanation, the settings, the progress, and the last result.

    Args:
        project_id: The project.
        labels: The classes with their counts.
        recipe: The recipe whose network extracts the features, as JSON; None for the default.
    """
    with st.container(border=True):
        st.subheader("Test every image once", anchor=False, help="The field's term: k-fold cross-validation.")
        st.markdown(_explain(sum(label.splits.get("test", 0) for label in labels)))
        running = job_progress.running_job(project_id, CrossValidateSpec)
        if running is not None:
            job_progress.show_progress(running.id, "Cross-validating")
            return
        _draw_settings(project_id, recipe)
        last = job_progress.last_job(project_id, CrossValidateSpec)
        if last is not None:
            job_progress.show_outcome(last, "The cross-validation")
            result = last.result_as(CrossValidateResult)
            if result is not None:
                _draw_result(last.spec_as(CrossValidateSpec), result)


def _explain(test_images: int) -> str:
    small = (
        f"Your test split has only {words.count(test_images, 'image')}, too few for a reliable accuracy. "
        if test_images
        else ""
    )
    return (
        f"{small if test_images < SMALL_TEST else ''}The images are divided into *k* parts (*folds*). Each part is "
        "tested once, by a quick head (logistic regression) that was trained on the other parts, on the features of "
        "the frozen network. Nothing is fine-tuned: this measures **how well this network separates the classes**, "
        "not how good one trained model is."
    )


def _draw_settings(project_id: str, recipe: str | None) -> None:
    with st.form("cross-validation", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        folds = st.number_input("Folds (k)", FEWEST_FOLDS, MOST_FOLDS, 5, width=140)
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, width=140, help="The same seed, the same folds.")
        chosen = st.segmented_control(
            "Which images",
            [_WITHOUT_TEST, _ALL],
            default=_WITHOUT_TEST,
            required=True,
            wrap=True,
            help="Without it, the test split stays unseen until the end, so you may choose a network by these figures.",
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
    st.caption(_describe(spec, result.network, measured))
    with (
        st.expander("Which class was predicted as which (*confusion matrix*)", icon=":material/grid_on:"),
        matrix_window(len(measured.classes)),
    ):
        charts.show(confusion_chart(np.array(measured.confusion, np.int64), measured.classes), "cross-confusion")
    if spec.include_test:
        st.caption(
            "The images of the test split took part: if you choose a network by this figure, the test split is no "
            "longer untouched."
        )


def _describe(spec: CrossValidateSpec, network: str, measured: CrossValidation) -> str:
    folds = ", ".join(words.percent(share) for share in measured.by_fold)
    text = (
        f"{words.count(measured.images, 'image')}, each tested once with {network}, seed {measured.seed}. "
        f"The {measured.folds} folds: {folds}."
    )
    if measured.folds < spec.folds:
        text += f" {spec.folds} folds were not possible: no class has so many images or groups."
    if measured.sets:
        text += f" {words.count(measured.sets, 'set')} of copies, bursts or groups were not divided."
    if measured.left_out:
        text += (
            f" {words.count(measured.left_out, 'image')} could not be tested: if a class has a single image or group, "
            "nothing is left to train on."
        )
    return text
