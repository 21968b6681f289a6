"""How well a run learns: accuracy and loss by epoch, and the confusion matrix of the validation split."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.dataset.manifest_file import FILE_NAME, load_manifest
from core.jobs.events import Epoch
from pages.shared.workspace import settings

RUNS_CACHED = 64


def draw(run_id: str, epochs: Sequence[Epoch], shown: Sequence[Epoch], *, ended: bool) -> None:
    """Draw the curves and the confusion matrix.

    Args:
        run_id: The run.
        epochs: Its epochs in order, at least one.
        shown: The first of them, at least one: those to draw, on axes that have room for all.
        ended: Whether the run has ended. Then the matrix is that of the kept epoch; before, of the last one.
    """
    from pages.components import charts  # noqa: PLC0415 - Plotly only where something is plotted
    from pages.components.confusion_chart import confusion_chart, matrix_window  # noqa: PLC0415

    left, right = st.columns(2)
    with left:
        charts.show(charts.accuracy_curves(shown, epochs), key=f"accuracy-{run_id}")
    with right:
        charts.show(charts.loss_curves(shown, epochs), key=f"loss-{run_id}")
    epoch = _matrix_epoch(epochs, shown) if ended else epochs[-1]
    if not epoch.confusion:
        return
    kept = ", the kept one" if ended and epoch is _kept(epochs) else ""
    st.subheader(f"Validation images after epoch {epoch.epoch}{kept}", anchor=False)
    st.caption("A row for each true class, a column for each predicted class (*confusion matrix*).")
    counts = np.array(epoch.confusion, np.int64)
    chart = confusion_chart(counts, _class_names(run_id, len(counts)))
    alt = f"{np.trace(counts)} of {counts.sum()} validation images were predicted correctly."
    with matrix_window(len(counts)):
        charts.show(charts.Chart(chart.figure, alt), key=f"confusion-{run_id}")


def _matrix_epoch(epochs: Sequence[Epoch], shown: Sequence[Epoch]) -> Epoch:
    """The kept epoch where all are shown, else the last that is shown."""
    return (_kept(epochs) or epochs[-1]) if len(shown) == len(epochs) else shown[-1]


def _kept(epochs: Sequence[Epoch]) -> Epoch | None:
    """The epoch whose weights the run kept; None if no validation loss was finite."""
    return next((epoch for epoch in reversed(epochs) if epoch.best), None)


def _class_names(run_id: str, classes: int) -> Sequence[str]:
    if not (settings().runs / run_id / FILE_NAME).is_file():
        return [f"class {number + 1}" for number in range(classes)]
    return _names_in_manifest(run_id)


@st.cache_data(max_entries=RUNS_CACHED, show_spinner=False)
def _names_in_manifest(run_id: str) -> tuple[str, ...]:
    return load_manifest(settings().runs / run_id).classes
