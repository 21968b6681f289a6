"""Charts: Plotly figures with axis titles and units, each with an alternative text for screen readers.

Colours with a meaning are from the palette of Okabe and Ito (2008), which is safe for colour blindness; all others come
from the theme. Only `show` and `show_selectable` draw on a page.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas  # noqa: F401  # whole before a figure is made: Plotly takes it half imported, from another tab's thread
import plotly.graph_objects as go
import streamlit as st

from core.advice.estimate import GroupedEstimate
from core.jobs.events import Epoch

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#e69f00", "#009e73", "#8a8f98"
_MARGIN = {"l": 10, "r": 10, "t": 30, "b": 10}
_SHARE = ".0%"
# Plotly's buttons are English-only icons that cover small charts; a double click still resets a zoom.
_CONFIG = {"displayModeBar": False}


# Name, x and y of a line.
NamedLine = tuple[str, Sequence[float], Sequence[float]]


@dataclass(frozen=True)
class Chart:
    """A figure and its alternative text.

    Attributes:
        figure: The figure.
        alt: One or two sentences with the main figures.
    """

    figure: go.Figure
    alt: str


def show(chart: Chart, key: str) -> None:
    """Draw a chart."""
    st.plotly_chart(chart.figure, key=key, config=_CONFIG, alt=chart.alt)


def show_selectable(chart: Chart, key: str) -> list[dict[str, Any]]:
    """Draw a chart whose points can be clicked, and return the selected points."""
    event = st.plotly_chart(
        chart.figure, key=key, config=_CONFIG, alt=chart.alt, on_select="rerun", selection_mode="points"
    )
    points: list[dict[str, Any]] = event["selection"]["points"]
    return points


def sequential_colours() -> list[str]:
    """The theme's colours from few to many, for the light or dark theme of this tab."""
    shown = "dark" if st.context.theme.type == "dark" else "light"
    colours: list[str] = st.get_option(f"theme.{shown}.chartSequentialColors")
    return colours


def accuracy_curves(epochs: Sequence[Epoch], room_for: Sequence[Epoch] = ()) -> Chart:
    """Accuracy of training and validation, epoch by epoch, with the phases marked.

    Args:
        epochs: The epochs to draw.
        room_for: Epochs that the axes have room for, for a replay whose axes stand still; empty for those drawn.
    """
    figure = _curves_over_epochs(epochs, [epoch.accuracy for epoch in epochs], [epoch.val_accuracy for epoch in epochs])
    figure.update_yaxes(title="accuracy", tickformat=_SHARE)
    _leave_room(figure, room_for, [value for one in room_for for value in (one.accuracy, one.val_accuracy)])
    return Chart(figure, _alt_of_curves(epochs, "Accuracy", [f"{epoch.val_accuracy:.1%}" for epoch in epochs]))


def loss_curves(epochs: Sequence[Epoch], room_for: Sequence[Epoch] = ()) -> Chart:
    """Loss of training and validation, epoch by epoch, with the phases marked; arguments as of `accuracy_curves`."""
    figure = _curves_over_epochs(epochs, [epoch.loss for epoch in epochs], [epoch.val_loss for epoch in epochs])
    figure.update_yaxes(title="loss (cross-entropy, nats)", rangemode="tozero")
    _leave_room(figure, room_for, [0.0, *(value for one in room_for for value in (one.loss, one.val_loss))])
    return Chart(figure, _alt_of_curves(epochs, "Loss", [f"{epoch.val_loss:.3f}" for epoch in epochs]))


def validation_curves(runs: Sequence[tuple[str, Sequence[Epoch]]]) -> Chart:
    """Validation accuracy of several runs, epoch by epoch."""
    dashes = ("solid", "dash", "dot", "dashdot")
    traces = [
        go.Scatter(
            x=[epoch.epoch for epoch in epochs],
            y=[epoch.val_accuracy for epoch in epochs],
            name=short(name),
            mode="lines+markers",
            line_dash=dashes[row % len(dashes)],
        )
        for row, (name, epochs) in enumerate(runs)
    ]
    figure = blank(traces, height=360)
    figure.update_xaxes(title="epoch", rangemode="tozero")
    figure.update_yaxes(title="validation accuracy", tickformat=_SHARE)
    said = "; ".join(
        f"{name} from {epochs[0].val_accuracy:.1%} to {epochs[-1].val_accuracy:.1%}" for name, epochs in runs
    )
    return Chart(figure, f"Validation accuracy over the epochs: {said}.")


def probability_bars(names: Sequence[str], probabilities: Sequence[float], most: int = 10) -> Chart:
    """The most probable classes of one picture as bars, the first on top."""
    order = sorted(range(len(names)), key=lambda row: -probabilities[row])[:most]
    shown, shares = [names[row] for row in order], [probabilities[row] for row in order]
    bars = go.Bar(
        x=shares,
        y=list(range(len(order))),
        orientation="h",
        text=[f"{share:.1%}" for share in shares],
        textposition="outside",
        marker_color=[BLUE, *[GREY] * (len(order) - 1)],
        hovertemplate="%{customdata}: %{x:.2%}<extra></extra>",
        customdata=[short(name) for name in shown],
        cliponaxis=False,
    )
    figure = blank([bars], height=70 + 34 * len(order))
    figure.update_xaxes(title="probability", range=[0, 1.15], tickformat=_SHARE, tickvals=[0, 0.5, 1])
    figure.update_yaxes(
        title="class", tickvals=list(range(len(order))), ticktext=[short(name) for name in shown], autorange="reversed"
    )
    said = ", ".join(f"{name} {share:.1%}" for name, share in zip(shown, shares, strict=True))
    return Chart(figure, f"Probabilities of the classes: {said}.")


def curve(lines: Sequence[NamedLine], *, x: str, y: str, alt: str, diagonal: bool = False) -> Chart:
    """Lines over the unit square, as ROC and precision-recall curves are.

    Args:
        lines: Name, x and y of each; all between 0 and 1.
        x: Title of the horizontal axis.
        y: Title of the vertical axis.
        alt: The alternative text.
        diagonal: Whether to draw the line of chance.
    """
    traces = [
        go.Scatter(x=list(across), y=list(up), name=short(name), mode="lines", line_shape="linear")
        for name, across, up in lines
    ]
    if diagonal:
        chance = {"color": GREY, "dash": "dot"}
        traces.append(go.Scatter(x=[0, 1], y=[0, 1], name="chance", mode="lines", line=chance, hoverinfo="skip"))
    figure = blank(traces, height=380)
    figure.update_xaxes(title=x, range=[-0.01, 1.01], tickformat=_SHARE, dtick=0.25)
    figure.update_yaxes(title=y, range=[-0.01, 1.03], tickformat=_SHARE, dtick=0.25)
    return Chart(figure, alt)


def reliability(confidence: Sequence[float], accuracy: Sequence[float], counts: Sequence[int], alt: str) -> Chart:
    """Reliability diagram: accuracy by confidence, a bar for each bin, and the diagonal on which both are equal.

    Args:
        confidence: Mean confidence of each bin.
        accuracy: Accuracy of each bin.
        counts: Images in each bin; empty bins are left out.
        alt: The alternative text.
    """
    width = 1 / len(counts)
    filled = [row for row, images in enumerate(counts) if images]
    bars = go.Bar(
        x=[(row + 0.5) * width for row in filled],
        y=[accuracy[row] for row in filled],
        width=width * 0.92,
        name="accuracy",
        marker_color=BLUE,
        customdata=[[confidence[row], counts[row]] for row in filled],
        hovertemplate="confidence %{customdata[0]:.1%}<br>accuracy %{y:.1%}<br>%{customdata[1]} images<extra></extra>",
    )
    ideal = go.Scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="ideal", line={"color": ORANGE, "dash": "dash"}, hoverinfo="skip"
    )
    figure = blank([bars, ideal], height=340)
    figure.update_xaxes(title="confidence of the prediction", range=[0, 1], tickformat=_SHARE, dtick=0.2)
    figure.update_yaxes(title="accuracy (share of correct predictions)", range=[0, 1.03], tickformat=_SHARE)
    return Chart(figure, alt)


def scatter(points: Sequence[tuple[str, float, float]], *, x: str, y: str, chosen: str, alt: str) -> Chart:
    """Named points that can be clicked; one is marked.

    Args:
        points: Name, x and y of each; y is a share.
        x: Title of the horizontal axis, which is logarithmic.
        y: Title of the vertical axis.
        chosen: Name of the point that is marked.
        alt: The alternative text.
    """
    marked = [name == chosen for name, _, _ in points]
    dots = go.Scatter(
        x=[across for _, across, _ in points],
        y=[up for _, _, up in points],
        text=[short(name) for name, _, _ in points],
        customdata=[name for name, _, _ in points],
        mode="markers",
        marker={
            "opacity": 1,
            "size": [16 if one else 10 for one in marked],
            "color": [ORANGE if one else BLUE for one in marked],
            "symbol": ["star" if one else "circle" for one in marked],
        },
        hovertemplate="%{text}<br>%{x:.3~s} · %{y:.1%}<extra></extra>",
    )
    figure = blank([dots], height=380)
    figure.update_xaxes(title=x, type="log", dtick="D2")
    figure.update_yaxes(title=y, tickformat=_SHARE)
    return Chart(figure, alt)


def error_bars(intervals: Sequence[GroupedEstimate], colour: str = GREY) -> dict[str, Any]:
    """Bars from the lower to the upper end of each interval."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [one.high - one.value for one in intervals],
        "arrayminus": [one.value - one.low for one in intervals],
        "thickness": 1.2,
        "width": 3,
        "color": colour,
    }


def log_axis(values: Sequence[float]) -> dict[str, Any]:
    """A logarithmic axis around some values, with ticks at 1, 2, 5, 10, ... written out."""
    low, high = math.log10(min(values) / 1.4), math.log10(max(values) * 1.4)
    ticks = [lead * 10.0**power for power in range(math.floor(low), math.ceil(high) + 1) for lead in (1, 2, 5)]
    return {"type": "log", "range": [low, high], "tickvals": ticks, "ticktext": [f"{tick:,g}" for tick in ticks]}


def phase_starts(epochs: Sequence[Epoch]) -> list[tuple[int, str]]:
    """The first epoch of each phase, and the name of the phase."""
    names = {"head": "head only", "fine-tune": "fine-tuning", "scratch": "from scratch"}
    return [
        (epoch.epoch, names[epoch.phase])
        for before, epoch in zip([None, *epochs], epochs, strict=False)
        if before is None or before.phase != epoch.phase
    ]


def _curves_over_epochs(epochs: Sequence[Epoch], train: Sequence[float], validation: Sequence[float]) -> go.Figure:
    numbers = [epoch.epoch for epoch in epochs]
    mode = "lines+markers" if len(epochs) <= 60 else "lines"  # noqa: PLR2004 - more markers hide the line
    figure = blank(
        [
            go.Scatter(x=numbers, y=train, name="training", mode=mode, line_dash="dot"),
            go.Scatter(x=numbers, y=validation, name="validation", mode=mode),
        ],
        height=320,
    )
    best = [(epoch.epoch, value) for epoch, value in zip(epochs, validation, strict=True) if epoch.best]
    if best:
        figure.add_scatter(
            x=[best[-1][0]],
            y=[best[-1][1]],
            name="kept",
            mode="markers",
            marker={"symbol": "star", "size": 14, "color": GREEN},
        )
    for first, phase in phase_starts(epochs)[1:]:
        note = {"text": f"{phase} →"}
        figure.add_vline(x=first - 0.5, line_dash="dash", line_color=GREY, annotation=note)
    figure.update_xaxes(title="epoch", dtick=max(1, len(epochs) // 10), rangemode="tozero")
    return figure


def _leave_room(figure: go.Figure, epochs: Sequence[Epoch], values: Sequence[float]) -> None:
    """Fix the axes, so that they do not move while epochs are added."""
    finite = [value for value in values if math.isfinite(value)]
    if not epochs or not finite:
        return
    low, high = min(finite), max(finite)
    margin = 0.05 * (high - low or 1.0)
    figure.update_xaxes(range=[0, epochs[-1].epoch + 0.7], dtick=max(1, len(epochs) // 10))
    figure.update_yaxes(range=[low - margin, high + margin])


def _alt_of_curves(epochs: Sequence[Epoch], what: str, validation: Sequence[str]) -> str:
    if not epochs:
        return f"{what} of training and validation; no epoch has ended yet."
    phases = "".join(f" From epoch {first} on: {phase}." for first, phase in phase_starts(epochs)[1:])
    return (
        f"{what} of training and validation over {len(epochs)} epochs. Validation began at {validation[0]} and was at "
        f"{validation[-1]} in epoch {epochs[-1].epoch}.{phases}"
    )


def blank(traces: Sequence[Any], height: int) -> go.Figure:
    """A figure with the common layout: legend above, automatic margins."""
    figure = go.Figure(list(traces))
    figure.update_layout(
        height=height,
        margin=_MARGIN,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
        hoverlabel_namelength=-1,
    )
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
    return figure


def short(name: str, length: int = 24) -> str:
    """Shorten a name for a label, and escape it: Plotly would read `<b>` as bold."""
    return html.escape(name if len(name) <= length else f"{name[: length - 1]}…", quote=False)
