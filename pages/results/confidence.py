"""Whether a confidence of 80% is right 80% of the time, and what is refused as none of the classes."""

import pandas as pd
import streamlit as st

from core.evaluation.metrics.intervals import share_interval
from core.evaluation.report.parts import Calibration, Diagram, OutOfDistribution
from core.evaluation.report.report import Report
from pages.components import charts
from pages.shared import words


def draw(report: Report, run_id: str) -> None:
    """Draw the reliability of the model that is exported, and what calibration and refusing do."""
    st.markdown(
        "When the network says it is 80% sure, it should be right in 80% of the cases (*calibration*). Bars below "
        "the line: too sure of itself; above: too modest."
    )
    _draw_diagrams(report.calibration, run_id)
    st.markdown(_temperature(report.calibration))
    st.subheader("None of these", anchor=False)
    _draw_unknown(report)


def _draw_diagrams(calibration: Calibration, run_id: str) -> None:
    """What the exported model says, beside what it would say without its temperature."""
    if not calibration.kept:
        _draw_diagram("**As exported**", calibration.before, f"reliability-{run_id}")
        return
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        _draw_diagram("**As exported**", calibration.after, f"reliability-{run_id}")
    with right:
        _draw_diagram("Without the correction", calibration.before, f"reliability-other-{run_id}")


def _draw_diagram(title: str, diagram: Diagram, key: str) -> None:
    error = f"{100 * diagram.error:.1f} points"
    st.markdown(f"{title}: confidence and accuracy differ by **{error}** (*expected calibration error*)")
    said = f"Reliability diagram: share of right answers by confidence. On average they differ by {error}."
    charts.show(charts.reliability(diagram.confidence, diagram.accuracy, diagram.counts, said), key=key)


def _temperature(calibration: Calibration) -> str:
    if not calibration.kept:
        return "By the validation split, the confidence needs no correction (*temperature 1*)."
    before, after = calibration.validation_loss
    losses = f"cross-entropy of the validation split {before:.3f} without and {after:.3f} with it"
    return (
        f"The exported model corrects its confidence by one number (*temperature {calibration.temperature:.2f}*, "
        f"fitted on the validation split: {losses}). The answers stay the same."
    )


def _draw_unknown(report: Report) -> None:
    unknown, images = report.unknown, report.metrics.test.images
    st.markdown(
        "Pictures that are farther from all training images than true ones usually are can be refused: Try it and the "
        "exported bundle say so."
    )
    accepted = unknown.accepted_held_out
    with st.grid(columns="auto", min_column_width=240, border=True):
        with st.container():
            st.metric("Refused wrongly (false rejects)", words.percent(unknown.refused_test), help=_REFUSED)
            st.caption(_refused_words(unknown, images))
        with st.container():
            mean = words.percent(sum(accepted.values()) / len(accepted)) if accepted else "not measured"
            st.metric("Accepted wrongly (false accepts)", mean, help=_ACCEPTED)
            st.caption(_accepted_words(accepted))
    if len(accepted) > 1:
        with st.expander("Each class as a stranger"):
            _draw_accepted(accepted)


_REFUSED = "Test images of true classes that the model would refuse."
_ACCEPTED = "Test images of a class that are accepted when its training images are left out, as if it were unknown."


def _refused_words(unknown: OutOfDistribution, images: int) -> str:
    interval = share_interval(round(unknown.refused_test * images), images)
    of = f"of {words.count(images, 'test image')}"
    return f"{of}; 95% interval: {words.between(*interval)}" if interval else of


def _accepted_words(accepted: dict[str, float]) -> str:
    if not accepted:
        return "No class can be left out: try pictures of other things on the Try it page."
    worst, share = max(accepted.items(), key=lambda pair: pair[1])
    return (
        f"Mean of the classes, each left out in turn; "
        f"most of “{words.escape_markdown(worst)}” ({words.percent(share)}). "
        "Things that are less alike are refused more surely."
    )


def _draw_accepted(accepted: dict[str, float]) -> None:
    ranked = sorted(accepted.items(), key=lambda pair: -pair[1])
    table = pd.DataFrame(
        {"left out": [name for name, _ in ranked], "accepted (%)": [100 * share for _, share in ranked]}
    )
    st.dataframe(
        table,
        hide_index=True,
        alt="Share of each class that is accepted when it was left out, the highest first.",
        column_config={"accepted (%)": st.column_config.NumberColumn(format="%.1f")},
    )
