"""Precision, recall and F1 of each class, their curves, and the effect of a threshold."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.evaluation.metrics.intervals import Interval
from core.evaluation.report.report import ClassMetrics, Curve, Report
from pages.components import charts
from pages.shared import frame, words
from pages.shared.run_results import Results

_ALL = "All classes together"
# More curves cannot be distinguished in one chart.
_LINES = 8


@frame.fragment
def draw(results: Results) -> None:
    """Draw the table of the classes, and the curves of one of them."""
    report = results.report
    st.markdown(
        "**Precision**: of the images predicted as this class, the share that belongs to it. **Recall**: of the images "
        "of this class, the share that was found. **F1** is high only if both are. Few test images give wide intervals."
    )
    _draw_table(report.metrics.test.per_class)
    chosen = st.selectbox("Curves of", [_ALL, *report.classes], key="curves-of")
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        _draw_roc(report, chosen, results.run_id)
    with right:
        _draw_precision_recall(report, chosen, results.run_id)
    if chosen != _ALL:
        _draw_threshold(results, report.classes.index(chosen))


def _draw_table(classes: Sequence[ClassMetrics]) -> None:
    st.dataframe(
        pd.DataFrame(
            {
                "class": [one.name for one in classes],
                "test images": [one.support for one in classes],
                "precision": [words.percent_number(one.precision) for one in classes],
                "precision, 95%": [_range(one.precision_interval) for one in classes],
                "recall": [words.percent_number(one.recall) for one in classes],
                "recall, 95%": [_range(one.recall_interval) for one in classes],
                "F1": [words.percent_number(one.f1) for one in classes],
                "F1, 95%": [_range(one.f1_interval) for one in classes],
                "ROC area": [one.roc_auc for one in classes],
                "average precision": [one.average_precision for one in classes],
            }
        ),
        hide_index=True,
        alt=f"Precision, recall and F1 of {words.count(len(classes), 'class', 'classes')} on the test split.",
        column_config={
            **{name: st.column_config.NumberColumn(f"{name} (%)", format="%.1f") for name in _SHARES},
            **{name: st.column_config.NumberColumn(format="%.3f") for name in ("ROC area", "average precision")},
        },
    )


_SHARES = ("precision", "recall", "F1")


def _range(interval: Interval | None) -> str:
    return words.between(*interval) if interval else ""


def _draw_roc(report: Report, chosen: str, run_id: str) -> None:
    lines = _lines(report.curves.roc, report.curves.roc_micro, chosen, report)
    if not lines:
        st.info("A ROC curve needs test images of this class and of others.", icon=":material/info:")
        return
    areas = report.metrics.test.auc
    alt = f"ROC curves. Macro area {_area(areas.roc_macro)}, micro area {_area(areas.roc_micro)}."
    st.markdown(f"**ROC** · mean area of the classes: {_area(areas.roc_macro)}")
    chart = charts.curve(
        lines, x="false positive rate (false alarms)", y="true positive rate (found)", alt=alt, diagonal=True
    )
    charts.show(chart, key=f"roc-{run_id}")


def _draw_precision_recall(report: Report, chosen: str, run_id: str) -> None:
    lines = _lines(report.curves.precision_recall, report.curves.precision_recall_micro, chosen, report)
    if not lines:
        st.info("A precision-recall curve needs test images of this class.", icon=":material/info:")
        return
    area = _area(report.metrics.test.auc.average_precision_macro)
    st.markdown(f"**Precision and recall** · mean average precision: {area}")
    alt = f"Precision-recall curves. Mean average precision of the classes {area}."
    charts.show(charts.curve(lines, x="recall (found)", y="precision", alt=alt), key=f"precision-recall-{run_id}")


def _lines(curves: dict[str, Curve | None], micro: Curve | None, chosen: str, report: Report) -> list[charts.NamedLine]:
    """The curve of the chosen class; for all classes, the micro average and the classes with the lowest F1."""
    if chosen != _ALL:
        curve = curves[chosen]
        return [] if curve is None else [(chosen, curve.x, curve.y)]
    lines: list[charts.NamedLine] = [] if micro is None else [("all classes (micro)", micro.x, micro.y)]
    worst = sorted(report.metrics.test.per_class, key=lambda one: one.f1)[: _LINES - 1]
    shown = [(one.name, curves[one.name]) for one in worst]
    lines += [(name, curve.x, curve.y) for name, curve in shown if curve is not None]
    return lines


def _area(area: float | None) -> str:
    return "not defined" if area is None else f"{area:.3f}"


def _draw_threshold(results: Results, index: int) -> None:
    name = words.escape_markdown(results.report.classes[index])
    threshold = (
        st.slider(f"Predict “{name}” from a probability of (*threshold*)", 0, 100, 50, format="%d%%", key="threshold")
        / 100
    )
    probability, is_class = results.test.probabilities[:, index], results.test.true == index
    predicted = probability >= threshold
    hits = int(np.sum(predicted & is_class))
    figures = st.columns(3)
    figures[0].metric("Predicted so", words.count(int(predicted.sum()), "image"))
    figures[1].metric(
        "Correct among them (precision)", words.percent(hits / predicted.sum()) if predicted.any() else "none"
    )
    figures[2].metric("Found of all (recall)", words.percent(hits / is_class.sum()) if is_class.any() else "none")
    st.caption(
        "A higher threshold gives fewer false alarms and misses more images. A threshold that is chosen on these test "
        "images looks better than it is: check it on new ones."
    )
