"""How much to freeze, measured on a person's images: the freezing curve, trials, and the choice of a point."""

import plotly.graph_objects as go
import streamlit as st

from core.advice.changes import with_freezing
from core.advice.freezing_curve import NOTHING_FROZEN, FreezingCurve, FreezingPoint
from core.backbones.speed import read_speeds
from core.catalog.jobs import Job
from core.jobs.specs import FreezingCurveResult, FreezingCurveSpec
from core.training.plan import make_plan
from core.training.recipe import Recipe
from pages.components import charts
from pages.model import measured_on
from pages.shared import recipe_editor, words
from pages.shared.workspace import settings

_BUDGETS = {"The curve alone": 0, "and trials for 2 minutes": 120, "and trials for 10 minutes": 600}


def draw(project_id: str, images: int) -> None:
    """Draw the explanation, the settings, the progress, and the last result.

    Args:
        project_id: The project.
        images: Number of its images, without those of the test split.
    """
    with st.container(border=True):
        st.subheader("How much should stay frozen?", anchor=False, help="The field's term: linear probes.")
        if measured_on.show_running(project_id, FreezingCurveSpec, "Measuring how much to freeze"):
            return
        st.markdown(
            "Measure it on your own images: for up to twelve cuts, a quick head (logistic regression) tells what the "
            "frozen layers know about your classes. Trials then train at a few cuts for real, but briefly."
        )
        _draw_settings(project_id, images)
        last = measured_on.last_result(project_id, FreezingCurveSpec, FreezingCurveResult)
        if last is not None:
            _draw_result(project_id, *last)


def _draw_settings(project_id: str, images: int) -> None:
    with st.form("freezing-curve", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        budget = st.selectbox(
            "How long",
            list(_BUDGETS),
            width=300,
            help="No trial begins that would not be done in time. What was measured is kept: only what changed is "
            "measured again.",
        )
        if st.form_submit_button("Measure", icon=":material/query_stats:", disabled=not images):
            measured_on.start(project_id, FreezingCurveSpec, budget_seconds=_BUDGETS[budget])
    speed = read_speeds(settings()).get(recipe_editor.recipe(project_id).backbone.name)
    if images and speed:
        st.caption(f"{words.count(images, 'image')}: about {words.duration(images / speed)} for the curve, once.")


def _draw_result(project_id: str, job: Job, measured: Recipe, result: FreezingCurveResult) -> None:
    curve = FreezingCurve.model_validate(result.curve)
    recipe = recipe_editor.recipe(project_id)
    if note := measured_on.describe_changes(project_id, measured, result):
        st.warning(note, icon=":material/update:")
    st.markdown(curve.sentence())
    same_network = measured.backbone == recipe.backbone
    current = _frozen_layers(recipe) if same_network else None
    picked = _draw_charts(curve, current, job.id)
    if same_network:
        _draw_choice(project_id, curve, current)
        if picked is not None and curve.point(picked).layers != current:
            _take(project_id, picked)
    st.caption(f"{curve.caveat()} {_describe(curve)}")


def _draw_charts(curve: FreezingCurve, current: int | None, job_id: str) -> str | None:
    """Draw accuracy by depth and, after trials, by time; give the cut of the point that was clicked."""
    clicked = charts.show_selectable(depth_chart(curve, current), key=f"freezing-depth-{job_id}-{current}")
    if any(point.trial for point in curve.points):
        clicked += charts.show_selectable(time_chart(curve), key=f"freezing-time-{job_id}-{current}")
    return str(clicked[0]["customdata"][0]) if clicked else None


def _draw_choice(project_id: str, curve: FreezingCurve, current: int | None) -> None:
    chosen = curve.point(curve.recommended)
    if chosen.layers == current:
        st.markdown(":green[:material/check: The recommended cut is chosen.]")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(f"Take it: {_describe_choice(curve, chosen)}", icon=":material/check:"):
            _take(project_id, curve.recommended)
        st.caption("Or click another point.")


def _take(project_id: str, cut: str) -> None:
    def change(recipe: Recipe) -> Recipe:
        return with_freezing(recipe, cut, recipe.backbone.weights)

    recipe_editor.update(project_id, change, new_widgets=True)


def _frozen_layers(recipe: Recipe) -> int | None:
    return None if recipe.strategy == "scratch" else make_plan(recipe, classes=2).frozen_layers


def _describe_choice(curve: FreezingCurve, point: FreezingPoint) -> str:
    if point.cut == NOTHING_FROZEN:
        return "train all layers"
    return "freeze everything" if point.layers == curve.layers else f"freeze up to {point.label}"


def _describe(curve: FreezingCurve) -> str:
    return (
        f"{words.count(curve.images, 'image')} with {curve.network}, each predicted by heads that saw neither it nor "
        f"its copies, bursts and groups: {curve.folds} folds, {words.count(curve.repeats, 'time')}. Bars are 95% "
        "intervals; they count the images and the variation between folds (Nadeau and Bengio 2003)."
    )


def depth_chart(curve: FreezingCurve, current: int | None) -> charts.Chart:
    """Accuracy by share of frozen layers: probes as a line, trials as diamonds, the recommended point as a star."""
    probes = [point for point in curve.points if point.probe is not None]
    share = [point.layers / curve.layers for point in probes]
    traces = [
        go.Scatter(
            x=share,
            y=[point.probe.value for point in probes if point.probe],
            error_y=charts.error_bars([point.probe for point in probes if point.probe], charts.BLUE),
            name="quick head on what is frozen",
            mode="lines+markers",
            marker={"size": [13 if point.layers == current else 8 for point in probes], "color": charts.BLUE},
            line_color=charts.BLUE,
            customdata=[[point.cut, point.label, point.layers] for point in probes],
            hovertemplate="frozen up to %{customdata[1]}, %{customdata[2]} layers<br>%{y:.1%}<extra></extra>",
        )
    ]
    if any(point.trial for point in curve.points):
        traces.append(_trials(curve, [point.layers / curve.layers for point in curve.points if point.trial]))
    figure = charts.blank([*traces, _star(curve)], height=360)
    figure.update_xaxes(title="share of the layers that is frozen", range=[-0.04, 1.04], tickformat=".0%")
    figure.update_yaxes(title="accuracy on held-out images", tickformat=".0%")
    best = max(probes, key=lambda point: point.probe.value if point.probe else 0)
    return charts.Chart(
        figure,
        f"Accuracy by share of frozen layers at {len(probes)} cuts. Best by a quick head: frozen up to {best.label}, "
        f"{best.probe.value if best.probe else 0:.1%}. "
        f"Recommended: {_describe_choice(curve, curve.point(curve.recommended))}.",
    )


def time_chart(curve: FreezingCurve) -> charts.Chart:
    """Accuracy of the trials by the measured time of one training."""
    tried = [point for point in curve.points if point.trial]
    figure = charts.blank([_trials(curve, [point.trial.seconds for point in tried if point.trial])], height=280)
    figure.update_xaxes(title="measured time of one short training (seconds)", rangemode="tozero")
    figure.update_yaxes(title="accuracy on held-out images", tickformat=".0%")
    said = "; ".join(
        f"{_describe_choice(curve, point)} {point.trial.seconds:.1f} s, {point.trial.accuracy.value:.1%}"
        for point in tried
        if point.trial
    )
    return charts.Chart(figure, f"Accuracy by time of one training: {said}.")


def _trials(curve: FreezingCurve, across: list[float]) -> go.Scatter:
    tried = [point for point in curve.points if point.trial]
    return go.Scatter(
        x=across,
        y=[point.trial.accuracy.value for point in tried if point.trial],
        error_y=charts.error_bars([point.trial.accuracy for point in tried if point.trial], charts.ORANGE),
        name="trained for real (trials)",
        mode="markers",
        marker={"symbol": "diamond", "size": 11, "color": charts.ORANGE},
        customdata=[[point.cut, _describe_choice(curve, point), point.trial.seconds] for point in tried if point.trial],
        hovertemplate="%{customdata[1]}<br>%{y:.1%} in %{customdata[2]:.1f} s<extra></extra>",
    )


def _star(curve: FreezingCurve) -> go.Scatter:
    point = curve.point(curve.recommended)
    value = point.trial.accuracy.value if point.trial else point.probe.value if point.probe else 0.0
    return go.Scatter(
        x=[point.layers / curve.layers],
        y=[value],
        name="recommended",
        mode="markers",
        marker={"symbol": "star", "size": 17, "color": charts.GREEN},
        customdata=[[point.cut, point.label, point.layers]],
        hovertemplate="recommended<extra></extra>",
    )
