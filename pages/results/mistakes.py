"""Test images worth a look: the mistakes, the uncertain and the most certain predictions."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.evaluation.inference.predictions import Predictions
from core.evaluation.metrics.classification import losses
from pages.results import predicted_images
from pages.shared import frame, words
from pages.shared.run_results import Results

Rows = NDArray[np.int64]
# Ten pages of pictures.
_MOST_UNCERTAIN = 240


@frame.fragment
def draw(project_id: str, results: Results) -> None:
    """Draw a choice of lists, and the images of the chosen one."""
    mistakes, test = results.report.mistakes, results.test
    lists = list(_LISTS)
    if not mistakes.wrong:
        st.success("Every test image was predicted correctly.", icon=":material/check_circle:")
        lists.remove(_WRONG)
    chosen = st.segmented_control("Show", lists, default=lists[0], required=True, key=f"mistakes-list-{len(lists)}")
    text, rows_of = _LISTS[chosen]
    st.caption(text)
    key = f"mistakes-{list(_LISTS).index(chosen)}"
    predicted_images.draw(project_id, results.run_id, test.rows(rows_of(test)), key)
    if mistakes.confused_pairs:
        with st.expander("Most confused pairs of classes", icon=":material/compare_arrows:"):
            _draw_pairs(results)


def _most_certain_wrong(test: Predictions) -> Rows:
    loss = losses(test.true, test.probabilities)
    wrong = np.flatnonzero(~test.correct)
    return wrong[np.argsort(-loss[wrong], kind="stable")]


def _most_uncertain(test: Predictions) -> Rows:
    ranked = np.sort(test.probabilities, axis=1)
    margin = ranked[:, -1] - ranked[:, -2]
    return np.argsort(margin, kind="stable")[:_MOST_UNCERTAIN]


def _most_certain_correct(test: Predictions) -> Rows:
    right = np.flatnonzero(test.correct)
    return right[np.argsort(-test.confidence[right], kind="stable")]


_WRONG = "Wrong"
_LISTS: dict[str, tuple[str, Callable[[Predictions], Rows]]] = {
    _WRONG: (
        "Sorted by loss (*top losses*): first, a wrong class with high confidence. Often the label is wrong, not the "
        "network.",
        _most_certain_wrong,
    ),
    "Uncertain": (
        "The two most probable classes are close. More images like these would help the network most.",
        _most_uncertain,
    ),
    "Correct": ("The most certain first: typical images of each class.", _most_certain_correct),
}


def _draw_pairs(results: Results) -> None:
    pairs = results.report.mistakes.confused_pairs
    table = pd.DataFrame(
        {
            "true class": [pair.true for pair in pairs],
            "predicted class": [pair.predicted for pair in pairs],
            "test images": [pair.images for pair in pairs],
        }
    )
    alt = f"{words.count(len(pairs), 'pair')} of classes, the most confused first."
    st.dataframe(table, hide_index=True, alt=alt)
