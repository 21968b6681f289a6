"""How good a run is, how sure that is, and what it has to be compared with."""

import streamlit as st

from core.evaluation.metrics.intervals import HALF_WIDTH, Interval
from core.evaluation.report.report import Report
from pages.shared import words

_ACCURACY = (
    "Test images that were called what they are. Intervals of shares are *Wilson's*, corrected where hits or mistakes "
    "are rare (Brown, Cai and DasGupta, 2001); of fewer than 8 images the exact one (Clopper and Pearson)."
)
_ICONS = {"good": ":material/check_circle:", "info": ":material/info:", "warning": ":material/warning:"}


def draw(report: Report) -> None:
    """Draw the figures with their intervals, the baselines, and what the training showed."""
    test = report.metrics.test
    with st.grid(columns="auto", min_column_width=220, border=True):
        _draw_figure("Accuracy", test.accuracy, test.interval, _ACCURACY)
        _draw_figure(
            "Balanced accuracy",
            test.balanced_accuracy.value,
            test.balanced_accuracy.interval,
            "The mean over the classes of the share that was found (recall): small classes count like large ones.",
        )
        _draw_figure(
            "Macro F1",
            test.macro_f1.value,
            test.macro_f1.interval,
            "The mean over the classes of F1, which wants a class to be found and not to be called without reason.",
        )
    st.markdown(_meaning(report))
    for finding in report.findings:
        st.markdown(f"{_ICONS[finding.level]} {words.escape_markdown(finding.text)}")


def _draw_figure(title: str, value: float, interval: Interval | None, help_text: str) -> None:
    with st.container():
        st.metric(title, words.percent(value), help=help_text)
        st.caption(
            f"95% interval: {words.between(*interval)}" if interval else "Too few test images a class for an interval."
        )


def _meaning(report: Report) -> str:
    test, baselines = report.metrics.test, report.baselines
    said = (
        f"Measured on {words.count(test.images, 'test image')} that the network never saw (*test split*). For "
        f"comparison: always answering “{words.escape_markdown(baselines.largest_class)}” gives "
        f"{words.percent(baselines.largest_class_accuracy)}, and the most similar training image at 16 by 16 pixels "
        f"(*nearest neighbour*) gives {words.percent(baselines.nearest_pixels_accuracy)}."
    )
    if test.more_images:
        points = round(HALF_WIDTH * 100)
        said += f" For an interval of ±{points} points, {words.count(test.more_images, 'more test image')} are needed."
    return said
