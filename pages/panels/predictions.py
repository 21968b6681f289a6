"""What a model says about pictures: the probable classes of each as bars."""

from collections.abc import Sequence

import streamlit as st

from core.catalog.runs import Run
from pages.shared import answers, charts, words
from pages.shared.tried_pictures import Batch, Picture

_STRANGER = "Unlike everything that it was trained on: perhaps none of these classes."


def draw(run: Run, batch: Batch) -> None:
    """Draw each picture of a batch beside the probabilities of its classes."""
    for name, reason in batch.refused:
        st.warning(f"{words.plain(name)}: {reason}", icon=":material/warning:")
    if not batch.pictures:
        return
    arguments = {"run": run.id, "paths": [str(picture.path) for picture in batch.pictures]}
    answer = answers.ask(run.project_id, "predict", arguments, "Looking at the pictures")
    if answer is None:
        _draw_unanswered(batch.pictures)
        return
    strangers = answer.get("unlike_training") or [False] * len(batch.pictures)
    for picture, probabilities, stranger in zip(batch.pictures, answer["probabilities"], strangers, strict=True):
        _draw_answer(picture, answer["classes"], probabilities, stranger, run.id)


def _draw_unanswered(pictures: Sequence[Picture]) -> None:
    st.image([picture.thumbnail for picture in pictures], width=120, alt=[picture.name for picture in pictures])


def _draw_answer(
    picture: Picture, classes: Sequence[str], probabilities: Sequence[float], stranger: bool, run_id: str
) -> None:
    with st.container(border=True):
        left, right = st.columns([1, 3], vertical_alignment="center")
        left.image(picture.thumbnail, width="stretch", alt=picture.name)
        left.caption(words.plain(words.shorten(picture.name)))
        best = max(range(len(classes)), key=lambda row: probabilities[row])
        with right:
            st.markdown(f"**{words.plain(classes[best])}**, {words.percent(probabilities[best])} sure")
            if stranger:
                st.warning(
                    "Unlike everything that it was trained on: perhaps none of these classes.",
                    icon=":material/question_mark:",
                )
            charts.show(charts.probability_bars(classes, probabilities), key=f"bars-{run_id}-{picture.path}")
