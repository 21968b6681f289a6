"""The main figures of a run with their intervals, the baselines, and what the report found."""

import streamlit as st

from core.evaluation.metrics.intervals import HALF_WIDTH, Interval
from core.evaluation.report.report import Report
from pages.shared import words

_ACCURACY = (
    "The share of the test images that were predicted correctly. Intervals of shares are *Wilson's*, corrected where "
    "hits or mistakes are rare (Brown, Cai and DasGupta, 2001); of fewer than 8 images the exact one (Clopper and "
    "Pearson)."
)
_ICONS = {"good": ":material/check_circle:", "info": ":material/info:", "warning": ":material/warning:"}


def draw(report: Report) -> None:
    """Draw the figures with their intervals, the baselines, and the findings."""
    test = report.metrics.test
    with st.grid(columns="auto", min_column_width=220, border=True):
        _draw_figure("Accuracy", test.accuracy, test.interval, _ACCURACY)
        _draw_figure(
            "Balanced accuracy",
            test.balanced_accuracy.value,
            test.balanced_accuracy.interval,
            "The mean recall of the classes (the share of each that was found): small classes count like large ones.",
        )
        _draw_figure(
            "Macro F1",
            test.macro_f1.value,
            test.macro_f1.interval,
            "The mean F1 of the classes. F1 is high if a class is found and other images are not predicted as it.",
        )
    st.markdown(_compare_with_baselines(report))
    for finding in report.fit_diagnosis:
        st.markdown(f"{_ICONS[finding.level]} {words.escape_markdown(finding.text)}")


def _draw_figure(title: str, value: float, interval: Interval | None, help_text: str) -> None:
    with st.container():
        st.metric(title, words.percent(value), help=help_text)
        st.caption(
            f"95% interval: {words.between(*interval)}"
            if interval
            else "Too few test images per class for an interval."
        )


def _compare_with_baselines(report: Report) -> str:
    test, baselines = report.metrics.test, report.baselines
    text = (
        f"Measured on {words.count(test.images, 'test image')} that the network never saw (*test split*). For "
        f"comparison: always answering “{words.escape_markdown(baselines.largest_class)}” gives "
        f"{words.percent(baselines.largest_class_accuracy)}, and the class of the most similar training image at "
        f"16 by 16 pixels (*nearest neighbour*) gives {words.percent(baselines.nearest_pixels_accuracy)}."
    )
    if test.more_images:
        points = round(HALF_WIDTH * 100)
        text += f" For an interval of ±{points} points, {words.count(test.more_images, 'more test image')} are needed."
    return text
