"""Whether a confidence of 80 % is right 80 % of the time."""

import streamlit as st

from core.evaluation.report import Report
from core.evaluation.schema import Diagram
from pages.shared import charts, words


def draw(report: Report, run_id: str) -> None:
    """Draw the reliability of the model that is exported, and what calibration and refusing do."""
    calibration = report.calibration
    diagram = calibration.after if calibration.kept else calibration.before
    st.markdown(
        "When the network says it is 80 % sure, it should be right in 80 % of the cases (*calibration*). Bars below "
        "the line: too sure of itself; above: too modest."
    )
    chart = charts.reliability(diagram.confidence, diagram.accuracy, diagram.counts, _alt(diagram))
    charts.show(chart, key=f"reliability-{run_id}")
    st.markdown(
        f"On average, confidence and accuracy differ by **{100 * diagram.error:.1f} points** (*expected calibration "
        f"error*, on {words.count(sum(diagram.counts), 'test image')})."
    )
    st.markdown(_temperature(report))
    st.markdown(_unknown(report))


def _alt(diagram: Diagram) -> str:
    return (
        f"Reliability diagram: share of right answers by confidence. On average they differ by "
        f"{100 * diagram.error:.1f} points."
    )


def _temperature(report: Report) -> str:
    calibration = report.calibration
    if not calibration.kept:
        return (
            f"Correcting the confidence by one number (*temperature {calibration.fitted:.2f}*) did not help on "
            "held-out validation images, so the exported model does without."
        )
    return (
        f"The exported model corrects its confidence by one number (*temperature {calibration.temperature:.2f}*, "
        f"fitted on the validation split); the error was {100 * calibration.before.error:.1f} points before. The "
        "answers stay the same."
    )


def _unknown(report: Report) -> str:
    unknown = report.unknown
    said = (
        "**None of these?** Pictures that are unlike all training images can be refused. At the model's threshold, "
        f"{words.percent(unknown.refused_test)} of the test images are refused wrongly."
    )
    if unknown.accepted_held_out:
        worst, share = max(unknown.accepted_held_out.items(), key=lambda pair: pair[1])
        mean = sum(unknown.accepted_held_out.values()) / len(unknown.accepted_held_out)
        said += (
            f" When a class is left out of the training, {words.percent(mean)} of its images are still accepted on "
            f"average, most of “{words.plain(worst)}” ({words.percent(share)})."
        )
    return said
