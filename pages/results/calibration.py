"""Calibration: whether predictions with 80% confidence are correct in 80% of the cases. And images of other classes."""

import pandas as pd
import streamlit as st

from core.evaluation.metrics.intervals import share_interval
from core.evaluation.report.report import Calibration, Diagram, OutOfDistribution, Report
from pages.components import charts
from pages.shared import words

SAME_ERROR = 0.01
"""Two models whose calibration errors differ by less get one chart."""


def draw(report: Report, run_id: str) -> None:
    """Draw the calibration of the exported model, and how well it recognises pictures of none of the classes."""
    st.markdown(
        "Predictions with a confidence of 80% should be correct in 80% of the cases (*calibration*). Bars below the "
        "line: the network is overconfident; above: underconfident."
    )
    _draw_diagrams(report.calibration, run_id)
    st.markdown(_temperature(report.calibration))
    st.subheader("None of these", anchor=False)
    _draw_unknown(report)


def _draw_diagrams(calibration: Calibration, run_id: str) -> None:
    """Draw the exported model, and beside it the model without its temperature where that makes a difference."""
    exported = calibration.after if calibration.applied else calibration.before
    if abs(exported.error - calibration.before.error) < SAME_ERROR:
        _draw_diagram("**As exported**", exported, f"reliability-{run_id}")
        return
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        _draw_diagram("**As exported**", calibration.after, f"reliability-{run_id}")
    with right:
        _draw_diagram("Without the correction", calibration.before, f"reliability-other-{run_id}")


def _draw_diagram(title: str, diagram: Diagram, key: str) -> None:
    error = f"{100 * diagram.error:.1f} points"
    st.markdown(f"{title}: confidence and accuracy differ by **{error}** (*expected calibration error*)")
    alt = f"Reliability diagram: accuracy by confidence. On average they differ by {error}."
    charts.show(charts.reliability(diagram.confidence, diagram.accuracy, diagram.counts, alt), key=key)


def _temperature(calibration: Calibration) -> str:
    if not calibration.applied:
        return "On the validation split, the confidence needs no correction (*temperature 1*)."
    before, after = calibration.validation_loss
    losses = f"cross-entropy of the validation split {before:.3f} without and {after:.3f} with it"
    return (
        f"The exported model corrects its confidence by one number (*temperature {calibration.temperature:.2f}*, "
        f"fitted on the validation split: {losses}). Without it, confidence and accuracy differ by "
        f"{100 * calibration.before.error:.1f} points. The predicted classes stay the same."
    )


def _draw_unknown(report: Report) -> None:
    unknown, images = report.ood, report.metrics.test.images
    st.markdown(
        "Pictures that are farther from all training images than most test images (*out of distribution*) are marked "
        "as none of the classes, on the Use page and in the exported bundle."
    )
    accepted = unknown.accepted_held_out
    with st.grid(columns="auto", min_column_width=240, border=True):
        with st.container():
            st.metric("Marked wrongly (false rejects)", words.percent(unknown.refused_test), help=_REFUSED)
            st.caption(_describe_rejected(unknown, images))
        with st.container():
            mean = words.percent(sum(accepted.values()) / len(accepted)) if accepted else "not measured"
            st.metric("Missed (false accepts)", mean, help=_ACCEPTED)
            st.caption(_describe_accepted(accepted))
    if len(accepted) > 1:
        with st.expander("Each class as an unknown one"):
            _draw_accepted(accepted)


_REFUSED = "Test images of the classes that are marked as none of them."
_ACCEPTED = (
    "The training images of one class are left out, as if it were unknown. These of its test images are not marked."
)


def _describe_rejected(unknown: OutOfDistribution, images: int) -> str:
    interval = share_interval(round(unknown.refused_test * images), images)
    of = f"of {words.count(images, 'test image')}"
    return f"{of}; 95% interval: {words.between(*interval)}" if interval else of


def _describe_accepted(accepted: dict[str, float]) -> str:
    if not accepted:
        return "No class could be left out. Try pictures of other things on the Use page."
    worst, share = max(accepted.items(), key=lambda pair: pair[1])
    return (
        f"Mean of the classes, each left out in turn; "
        f"most of “{words.escape_markdown(worst)}” ({words.percent(share)}). "
        "Pictures of very different things are recognised more reliably."
    )


def _draw_accepted(accepted: dict[str, float]) -> None:
    ranked = sorted(accepted.items(), key=lambda pair: -pair[1])
    table = pd.DataFrame(
        {
            "class left out": [name for name, _ in ranked],
            "not marked (%)": [words.percent_number(share) for _, share in ranked],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        alt="Share of each class that is not marked when it was left out, the highest first.",
        column_config={"not marked (%)": st.column_config.NumberColumn(format="%.1f")},
    )
