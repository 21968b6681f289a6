"""The explanation of a prediction: which parts of the picture spoke for a class, as a heat map (saliency)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from core.evaluation.explanation.overlay import draw_heat
from core.jobs.specs import ExplainResult, ExplainSpec
from pages.shared import frame, job_results, words
from pages.shared.workspace import settings

# Redrawing the page would close the dialog, so it waits as long as a cold worker needs to start.
_PATIENCE_SECONDS = 120
_SIDE, _GAP = 360, 16  # side by side without scrolling; one below the other in a narrow window
_METHODS = {
    "grad-cam": "By the last layers (Grad-CAM)",
    "occlusion": "By covering one part after another (occlusion; takes some seconds)",
}
_MEANINGS = {
    "grad-cam": "The brighter, the more a small change there would change the prediction.",
    "occlusion": "The brighter, the more probability the class loses when this part is covered. Slower, and "
    "independent of the architecture of the network.",
}


@dataclass(frozen=True)
class Question:
    """A picture and the classes to explain.

    Attributes:
        project_id: Its project.
        run_id: The run that predicted it.
        digest: Of an image of the project; or
        path: of another picture, as a job stores it.
        name: Its file name.
        classes: Names of all classes.
        asked: Indices of the classes to choose from, the predicted one first.
    """

    project_id: str
    run_id: str
    name: str
    classes: Sequence[str]
    asked: Sequence[int]
    digest: str | None = None
    path: str | None = None


@frame.dialog("Where the network looked", width="large")
def explain(question: Question) -> None:
    """Draw a picture beside the heat map of a class."""
    wanted = st.segmented_control(
        "What spoke for",
        list(dict.fromkeys(question.asked)),
        default=question.asked[0],
        format_func=lambda one: words.escape_markdown(question.classes[one]),
        required=True,
    )
    method = st.radio("Method", list(_METHODS), format_func=_METHODS.__getitem__, horizontal=True)
    with st.spinner("Computing the explanation"):
        spec = ExplainSpec(
            run=question.run_id,
            digest=question.digest,
            path=question.path,
            name=question.name,
            class_index=wanted,
            method=method,
        )
        answer = job_results.await_job(
            question.project_id, spec, ExplainResult, "The explanation", patience=_PATIENCE_SECONDS
        )
    if answer is None:
        return
    opacity = st.slider("Strength of the colours", 0, 100, 70, step=5, format="%d%%") / 100
    label = question.classes[wanted]
    with st.container(width=2 * _SIDE + _GAP):
        left, right = st.columns(2)
    left.image(settings().resolve(answer.image), caption="What the network sees", width="stretch", alt=question.name)
    right.image(
        _overlay(answer, opacity),
        caption=f"Yellow: spoke most for “{words.escape_markdown(label)}”",
        width="stretch",
        alt=f"Heat map over the picture: the bright parts spoke most for {label}",
    )
    st.caption(
        f"{_MEANINGS[method]} It shows which parts mattered, not why. If they lie beside the object, the "
        "background may give the class away."
    )


def _overlay(answer: ExplainResult, opacity: float) -> Image.Image:
    resolve = settings().resolve
    with Image.open(resolve(answer.image)) as square, Image.open(resolve(answer.heatmap)) as heat:
        return draw_heat(np.asarray(square), np.asarray(heat, np.float32) / np.float32(255), opacity)
