"""How well a run learns: accuracy and loss by epoch, and the confusion matrix of the validation split."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.dataset.manifest_file import FILE_NAME, load_manifest
from core.jobs.events import Epoch
from pages.shared.workspace import settings

RUNS_CACHED = 64


def draw(run_id: str, epochs: Sequence[Epoch]) -> None:
    """Draw the curves and the confusion matrix.

    Args:
        run_id: The run.
        epochs: Its epochs in order, at least one.
    """
    from pages.components import charts  # noqa: PLC0415 - Plotly only where something is plotted
    from pages.components.confusion_chart import confusion_chart, matrix_window  # noqa: PLC0415

    left, right = st.columns(2)
    with left:
        charts.show(charts.accuracy_curves(epochs), key=f"accuracy-{run_id}")
    with right:
        charts.show(charts.loss_curves(epochs), key=f"loss-{run_id}")
    last = epochs[-1]
    if not last.confusion:
        return
    st.subheader(f"Validation images after epoch {last.epoch}", anchor=False)
    st.caption("A row for each true class, a column for each predicted class (*confusion matrix*).")
    counts = np.array(last.confusion, np.int64)
    chart = confusion_chart(counts, _class_names(run_id, len(counts)))
    alt = f"{np.trace(counts)} of {counts.sum()} validation images were predicted correctly."
    with matrix_window(len(counts)):
        charts.show(charts.Chart(chart.figure, alt), key=f"confusion-{run_id}")


def _class_names(run_id: str, classes: int) -> Sequence[str]:
    if not (settings().runs / run_id / FILE_NAME).is_file():
        return [f"class {number + 1}" for number in range(classes)]
    return _names_in_manifest(run_id)


@st.cache_data(max_entries=RUNS_CACHED, show_spinner=False)
def _names_in_manifest(run_id: str) -> tuple[str, ...]:
    return load_manifest(settings().runs / run_id).classes
