"""How good a run is in one sentence; then its main figures with intervals, the baselines and the findings."""

from collections import Counter

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
    """Draw the sentence, the figures with their intervals, the baselines, and the findings."""
    st.subheader(sum_up(report), anchor=False)
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


def sum_up(report: Report) -> str:
    """Sum up a run for somebody who knows no statistics: `About 3 of 4 new images are predicted correctly; ...`."""
    test, baselines = report.metrics.test, report.baselines
    if not report.mistakes.wrong:
        return f"Each of the {words.count(test.images, 'test image')} is predicted correctly."
    text = f"{_about(test.accuracy)} new images like these are predicted correctly"
    if test.accuracy <= baselines.largest_class_accuracy:
        name = words.escape_markdown(words.shorten(baselines.largest_class))
        return f"{text}: no better than always answering “{name}”."
    if (confused := _most_confused(report)) is not None:
        one, other = (words.escape_markdown(words.shorten(name)) for name in confused)
        text += f"; {one} and {other} are confused most often"
    if test.interval.high - test.interval.low > _WIDE:
        text += f". This is a rough estimate from only {words.count(test.images, 'test image')}"
    return f"{text}."


_FEW = 0.025
_WIDE = 0.2


def _about(share: float) -> str:
    """Say a share as a small fraction: `About 3 of 4`."""
    if share < _FEW:
        return "Hardly any of the"
    if share > 1 - _FEW:
        return "Nearly all"
    extreme = min(share, 1 - share) < 3 * _FEW
    candidates = (20,) if extreme else (2, 3, 4, 5, 10)
    parts = min(candidates, key=lambda parts: (round(abs(share - round(share * parts) / parts), 2), parts))
    return f"About {round(share * parts)} of {parts}"


def _most_confused(report: Report) -> tuple[str, str] | None:
    """The two classes of which most test images were predicted as the other one; None if no pair stands out."""
    images: Counter[tuple[str, str]] = Counter()
    for pair in report.mistakes.confused_pairs:
        images[min(pair.true, pair.predicted), max(pair.true, pair.predicted)] += pair.images
    first, second = [*images.most_common(2), (None, 0), (None, 0)][:2]
    return first[0] if first[1] > second[1] else None


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
