"""Would more photos help? The learning curve of a person's images, and what twice as many would be worth."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.advice.learning_curve import LearningCurve
from core.catalog.jobs import Job
from core.jobs.specs import LearningCurveResult, LearningCurveSpec
from core.training.recipe import Recipe
from pages.components import charts
from pages.model import measured_on
from pages.shared import words


def draw(project_id: str, images: int) -> None:
    """Draw the explanation, the button, the progress, and the last result.

    Args:
        project_id: The project.
        images: Number of its images, without those of the test split.
    """
    with st.container(border=True):
        st.subheader("Would more photos help?", anchor=False, help="The field's term: learning curve.")
        if measured_on.show_running(project_id, LearningCurveSpec, "Measuring whether more photos help"):
            return
        st.markdown(
            "A quick head learns from an eighth, a quarter, a half and all of your images, and is tested on others. "
            "What twice as many would be worth is extrapolated from that."
        )
        if st.button("Measure it", icon=":material/query_stats:", disabled=not images, key="measure-learning-curve"):
            measured_on.start(project_id, LearningCurveSpec)
        last = measured_on.last_result(project_id, LearningCurveSpec, LearningCurveResult)
        if last is not None:
            _draw_result(project_id, *last)


def _draw_result(project_id: str, job: Job, measured: Recipe, result: LearningCurveResult) -> None:
    curve = LearningCurve.model_validate(result.curve)
    if note := measured_on.describe_changes(project_id, measured, result):
        st.warning(note, icon=":material/update:")
    st.markdown(curve.sentence(words.escape_markdown))
    charts.show(growth_chart(curve), key=f"learning-curve-{job.id}")
    with st.expander("Class by class", icon=":material/table:"):
        _draw_classes(curve)
    st.caption(
        f"{curve.caveat()} {words.count(curve.images, 'image')} with {curve.network}. Intervals are 90%, by a "
        "bootstrap over images and subsets."
    )


def _draw_classes(curve: LearningCurve) -> None:
    table = pd.DataFrame(
        {
            "class": [one.name for one in curve.classes],
            "images": [one.images for one in curve.classes],
            "found": [100 * one.recall for one in curve.classes],
            "gain": [100 * one.gain.value for one in curve.classes],
            "from": [100 * one.gain.low for one in curve.classes],
            "to": [100 * one.gain.high for one in curve.classes],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        alt=f"{len(table)} classes with what twice as many photos would be worth to each.",
        column_config={
            "found": st.column_config.NumberColumn("recall (%)", format="%.1f"),
            "gain": st.column_config.NumberColumn("gain by twice as many (points)", format="%.1f"),
            "from": st.column_config.NumberColumn("90% from", format="%.1f"),
            "to": st.column_config.NumberColumn("to", format="%.1f"),
        },
    )


def growth_chart(curve: LearningCurve) -> charts.Chart:
    """Measured accuracy by number of training images, and what is expected of twice as many."""
    measured = go.Scatter(
        x=curve.sizes,
        y=curve.accuracies,
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [high - value for high, value in zip(curve.highs, curve.accuracies, strict=True)],
            "arrayminus": [value - low for low, value in zip(curve.lows, curve.accuracies, strict=True)],
            "thickness": 1.2,
            "width": 3,
        },
        name="measured",
        mode="lines+markers",
        marker_color=charts.BLUE,
    )
    expected = go.Scatter(
        x=[2 * curve.images],
        y=[curve.doubled.value],
        error_y=charts.error_bars([curve.doubled], charts.ORANGE),
        name="expected of twice as many",
        mode="markers",
        marker={"symbol": "diamond-open", "size": 12, "color": charts.ORANGE},
    )
    figure = charts.blank([measured, expected], height=320)
    figure.update_xaxes(
        title="number of training images (logarithmic)", **charts.log_axis([*curve.sizes, 2.0 * curve.images])
    )
    figure.update_yaxes(title="accuracy on held-out images", tickformat=".0%")
    return charts.Chart(
        figure,
        f"Accuracy from {curve.accuracies[0]:.1%} with {curve.sizes[0]:.0f} training images to "
        f"{curve.accuracies[-1]:.1%} with {curve.sizes[-1]:.0f}; with {2 * curve.images}, {curve.doubled.value:.1%} is "
        f"expected ({curve.doubled.low:.1%} to {curve.doubled.high:.1%}).",
    )
