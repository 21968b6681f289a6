"""What a model says about pictures: the probable classes of each as bars."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.catalog.runs import Run
from pages.components import charts, explanation
from pages.shared import job_results, words
from pages.shared.run_results import has_results, read_results
from pages.try_it.prediction_inputs import Batch, Picture

_STRANGER = "Unlike everything that it was trained on: perhaps none of these classes."


def draw(run: Run, batch: Batch) -> None:
    """Draw each picture of a batch beside the probabilities of its classes."""
    for name, reason in batch.refused:
        st.warning(f"{words.escape_markdown(name)}: {words.escape_markdown(reason)}", icon=":material/warning:")
    if not batch.pictures:
        return
    arguments = {"run": run.id, "paths": [str(picture.path) for picture in batch.pictures]}
    answer = job_results.await_job(run.project_id, "predict", arguments, "Looking at the pictures")
    if answer is None:
        _draw_unanswered(batch.pictures)
        return
    for row, picture in enumerate(batch.pictures):
        _draw_answer(run, picture, answer, row)


def draw_refusals(run: Run) -> None:
    """Say how often the model is wrong when it says that a picture is none of the classes."""
    if not has_results(run.id):
        return
    unknown = read_results(run.id).report.unknown
    said = (
        "Pictures that are unlike all training images are marked as *none of these*. Measured: "
        f"{words.percent(unknown.refused_test)} of the true test images are marked wrongly"
    )
    if accepted := unknown.accepted_held_out.values():
        mean = words.percent(sum(accepted) / len(accepted))
        said += f", and {mean} of the images of a class that was left out are missed"
    st.caption(f"{said}.")


def _draw_unanswered(pictures: Sequence[Picture]) -> None:
    st.image([picture.thumbnail for picture in pictures], width=120, alt=[picture.name for picture in pictures])


def _draw_answer(run: Run, picture: Picture, answer: dict[str, Any], row: int) -> None:
    classes, probabilities = answer["classes"], answer["probabilities"][row]
    ranked = sorted(range(len(classes)), key=lambda index: -probabilities[index])
    strangers = answer.get("unlike_training")
    stranger = strangers is not None and strangers[row]
    with st.container(border=True):
        left, right = st.columns([1, 3], vertical_alignment="center")
        left.image(picture.thumbnail, width="stretch", alt=picture.name)
        left.caption(words.escape_markdown(words.shorten(words.file_name(picture.name))))
        if left.button("Explain", key=f"explain-{run.id}-{picture.path}", icon=":material/visibility:"):
            source = {"path": str(picture.path)}
            question = explanation.Question(run.project_id, run.id, source, picture.name, classes, ranked[:3])
            explanation.explain(question)
        with right:
            if stranger:
                st.warning(_STRANGER, icon=":material/question_mark:")
            said = f"**{words.escape_markdown(classes[ranked[0]])}**, {words.percent(probabilities[ranked[0]])} sure"
            st.markdown(f"If it has to be one of them: {said}" if stranger else said)
            charts.show(charts.probability_bars(classes, probabilities), key=f"bars-{run.id}-{picture.path}")
