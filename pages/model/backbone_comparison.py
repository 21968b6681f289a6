"""The shortlist: every network on this machine, measured on a person's images; the choice is one click."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.advice.backbone_comparison import BackboneComparison
from core.advice.changes import with_backbone
from core.advice.default_recipe import default_weights
from core.backbones.zoo import BACKBONES
from core.catalog.jobs import Job
from core.jobs.specs import CompareBackbonesResult, CompareBackbonesSpec
from core.training.recipe import Recipe
from pages.components import charts
from pages.model import measured_on
from pages.shared import recipe_editor, words
from pages.shared.workspace import settings

_SHOWN = 6


def draw(project_id: str, images: int) -> None:
    """Draw the explanation, the button, the progress, and the last result.

    Args:
        project_id: The project.
        images: Number of its images, without those of the test split.
    """
    with st.container(border=True):
        st.subheader("Which network suits your images?", anchor=False)
        if measured_on.show_running(project_id, CompareBackbonesSpec, "Measuring the networks"):
            return
        st.markdown(
            "Every network whose weights are on this machine is measured on your own images: how well a quick head "
            "(logistic regression) tells your classes apart by its features, and how fast it is here."
        )
        if st.button("Measure the networks", icon=":material/query_stats:", disabled=not images):
            measured_on.start(project_id, CompareBackbonesSpec)
        last = measured_on.last_result(project_id, CompareBackbonesSpec, CompareBackbonesResult)
        if last is not None:
            _draw_result(project_id, *last)


def _draw_result(project_id: str, job: Job, measured: Recipe, result: CompareBackbonesResult) -> None:
    comparison = BackboneComparison.model_validate(result.comparison)
    if note := measured_on.describe_changed_images(project_id, measured, result):
        st.warning(note, icon=":material/update:")
    st.markdown(comparison.sentence())
    chosen = recipe_editor.recipe(project_id).backbone.name
    if len(comparison.backbones) > 1:
        _draw_choice(project_id, comparison, chosen, job.id)
    else:
        st.markdown("Choose another network above and download its weights; then measure again.")
    best = comparison.backbones[0].name
    if best != chosen and st.button(f"Take it: {best}", icon=":material/check:", key="take-best-network"):
        _choose(project_id, best)
    st.markdown(comparison.sentence_of_heads())
    st.caption(f"{comparison.caveat()} {_describe(comparison)}")


def _draw_choice(project_id: str, comparison: BackboneComparison, chosen: str, job_id: str) -> None:
    """Draw the networks as a chart and as a table; a click on one chooses it."""
    clicked = charts.show_selectable(speed_chart(comparison, chosen), key=f"comparison-chart-{job_id}-{chosen}")
    picked = str(clicked[0]["customdata"][0]) if clicked else _draw_table(comparison, chosen, job_id)
    if picked and picked != chosen:
        _choose(project_id, picked)


def _choose(project_id: str, name: str) -> None:
    weights = default_weights(BACKBONES[name], settings().keras_home, online=False)
    recipe_editor.update(project_id, lambda recipe: with_backbone(recipe, name, weights), new_widgets=True)


def _draw_table(comparison: BackboneComparison, chosen: str, job_id: str) -> str | None:
    """Draw all networks; give the one whose row was clicked."""
    table = pd.DataFrame(
        {
            "network": [one.name for one in comparison.backbones],
            "accuracy": [100 * one.accuracy.value for one in comparison.backbones],
            "from": [100 * one.accuracy.low for one in comparison.backbones],
            "to": [100 * one.accuracy.high for one in comparison.backbones],
            "speed": [one.images_per_second for one in comparison.backbones],
            "size": [one.megabytes for one in comparison.backbones],
            "front": [one.on_front for one in comparison.backbones],
        }
    )
    event = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"comparison-table-{job_id}-{chosen}",
        alt=f"{len(table)} networks with their accuracy on your images, their speed and their size.",
        column_config={
            **{
                name: st.column_config.NumberColumn(title, format="%.1f")
                for name, title in (("accuracy", "accuracy (%)"), ("from", "95% from"), ("to", "to"))
            },
            "speed": st.column_config.NumberColumn("images a second here", format="%.0f"),
            "size": st.column_config.NumberColumn("weights (MB)", format="%.1f"),
            "front": st.column_config.CheckboxColumn(
                "best for its speed", help="No other network is both more accurate and faster (the *Pareto front*)"
            ),
        },
    )
    rows = event["selection"]["rows"]
    return comparison.backbones[rows[0]].name if rows and rows[0] < len(comparison.backbones) else None


def _describe(comparison: BackboneComparison) -> str:
    missing = comparison.not_measured
    text = (
        f"{words.count(comparison.images, 'image')}, {comparison.folds} folds with copies, bursts and groups whole, "
        f"{words.count(comparison.repeats, 'time')}; the heads once. Bars are 95% intervals that count the images and "
        "the variation between folds (Nadeau and Bengio 2003)."
    )
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        text += f" Not measured, because their weights are not here: {', '.join(missing[:_SHOWN])}{more}."
    return text


def speed_chart(comparison: BackboneComparison, chosen: str) -> charts.Chart:
    """Accuracy by speed, with the Pareto front as a line and the chosen network as a star."""
    found = comparison.backbones
    front = sorted((one for one in found if one.on_front), key=lambda one: one.images_per_second)
    speeds = [one.images_per_second for one in found]
    middle = (min(speeds) * max(speeds)) ** 0.5
    dots = go.Scatter(
        x=[one.images_per_second for one in found],
        y=[one.accuracy.value for one in found],
        error_y=charts.error_bars([one.accuracy for one in found]),
        text=[charts.short(one.name) for one in found],
        textposition=["bottom left" if one.images_per_second > middle else "bottom right" for one in found],
        cliponaxis=False,
        customdata=[[one.name] for one in found],
        name="networks",
        mode="markers+text",
        marker={
            "opacity": 1,
            "size": [16 if one.name == chosen else 10 for one in found],
            "color": [charts.ORANGE if one.name == chosen else charts.BLUE for one in found],
            "symbol": ["star" if one.name == chosen else "circle" for one in found],
        },
        hovertemplate="%{text}<br>%{x:.3~s} images a second · %{y:.1%}<extra></extra>",
    )
    line = go.Scatter(
        x=[one.images_per_second for one in front],
        y=[one.accuracy.value for one in front],
        name="none is better and faster (Pareto front)",
        mode="lines",
        line={"color": charts.GREEN, "dash": "dot"},
        hoverinfo="skip",
    )
    figure = charts.blank([line, dots], height=380)
    figure.update_xaxes(title="images a second on this machine (logarithmic)", **charts.log_axis(speeds))
    figure.update_yaxes(title="accuracy on held-out images", tickformat=".0%")
    said = "; ".join(
        f"{one.name} {one.accuracy.value:.1%}, {one.images_per_second:,.0f} images a second" for one in found
    )
    return charts.Chart(figure, f"Accuracy by speed: {said}.")
