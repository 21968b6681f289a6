"""The predictions of a model for pictures: the probabilities of the classes as bars."""

from collections.abc import Sequence

import streamlit as st

from core.catalog.runs import Run
from core.jobs.specs import PredictResult, PredictSpec
from pages.components import charts, explanation
from pages.shared import job_results, words
from pages.shared.run_results import has_results, read_results
from pages.shared.workspace import settings
from pages.try_it.prediction_inputs import InputSet, PredictionInput

_OUT_OF_DISTRIBUTION = "Unlike all training images (*out of distribution*): perhaps none of these classes."


def draw(run: Run, input_set: InputSet) -> None:
    """Draw each picture of a set beside the probabilities of the classes."""
    for name, reason in input_set.rejected:
        st.warning(f"{words.escape_markdown(name)}: {words.escape_markdown(reason)}", icon=":material/warning:")
    if not input_set.pictures:
        return
    spec = PredictSpec(run=run.id, paths=tuple(settings().relative(picture.path) for picture in input_set.pictures))
    answer = job_results.await_job(run.project_id, spec, PredictResult, "Predicting the pictures")
    if answer is None:
        _draw_thumbnails(input_set.pictures)
        return
    for row, picture in enumerate(input_set.pictures):
        _draw_prediction(run, picture, answer, row)


def draw_error_rates(run: Run) -> None:
    """Draw how often *none of these* is wrong, as measured on the test split."""
    if not has_results(run.id):
        return
    unknown = read_results(run.id).report.ood
    text = (
        "Pictures that are unlike all training images are marked as *none of these*. Measured: "
        f"{words.percent(unknown.refused_test)} of the true test images are marked wrongly"
    )
    if accepted := unknown.accepted_held_out.values():
        mean = words.percent(sum(accepted) / len(accepted))
        text += f", and {mean} of the images of a class that was left out are missed"
    st.caption(f"{text}.")


def _draw_thumbnails(pictures: Sequence[PredictionInput]) -> None:
    st.image([picture.thumbnail for picture in pictures], width=120, alt=[picture.name for picture in pictures])


def _draw_prediction(run: Run, picture: PredictionInput, answer: PredictResult, row: int) -> None:
    classes, probabilities = answer.classes, answer.probabilities[row]
    ranked = sorted(range(len(classes)), key=lambda index: -probabilities[index])
    flags = answer.out_of_distribution
    out_of_distribution = flags is not None and flags[row]
    with st.container(border=True):
        left, right = st.columns([1, 3], vertical_alignment="center")
        left.image(picture.thumbnail, width="stretch", alt=picture.name)
        left.caption(words.escape_markdown(words.shorten(words.file_name(picture.name))))
        if left.button("Explain", key=f"explain-{run.id}-{picture.path}", icon=":material/visibility:"):
            path = settings().relative(picture.path)
            question = explanation.Question(run.project_id, run.id, picture.name, classes, ranked[:3], path=path)
            explanation.explain(question)
        with right:
            if out_of_distribution:
                st.warning(_OUT_OF_DISTRIBUTION, icon=":material/question_mark:")
            text = f"**{words.escape_markdown(classes[ranked[0]])}**, {words.percent(probabilities[ranked[0]])} sure"
            st.markdown(f"If it must be one of them: {text}" if out_of_distribution else text)
            charts.show(charts.probability_bars(classes, probabilities), key=f"bars-{run.id}-{picture.path}")
