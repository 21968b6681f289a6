"""A chart of the classes over time, as the cameras wrote it."""

from typing import Final

import plotly.graph_objects as go
import streamlit as st

from core.use.class_times import ClassTimes, Period, count_class_times
from core.use.prediction_store import PredictionStore
from pages.components import charts
from pages.components.charts import Chart
from pages.shared import words

# Classes with a colour of their own; the others share one.
CLASSES: Final = 8
_HOUR: Final = 3_600_000
_LENGTH: Final[dict[Period, int | str]] = {"hour": _HOUR, "day": 24 * _HOUR, "month": "M1", "year": "M12"}
_TICKS: Final[dict[Period, str]] = {"hour": "%H:%M\n%b %-d, %Y", "day": "%b %-d\n%Y", "month": "%b\n%Y", "year": "%Y"}
# Above this, Plotly chooses which periods have a label; below, it would also label half periods.
MOST_TICKS: Final = 10


def draw(store: PredictionStore, job_id: str) -> None:
    """Draw the chart, if the images were taken at different times."""
    times = count_class_times(store)
    if times is None or len(times.starts) == 1:
        return
    with st.expander("Classes over time"):
        charts.show(stacked(times), key=f"times-{job_id}")
        without = words.count(times.without_time, "image has", "images have")
        left_out = f" {without} no time and no place in the chart." if times.without_time else ""
        st.caption(f"By the clock of the camera, for each {times.period}.{left_out}")


def stacked(times: ClassTimes) -> Chart:
    """Bars for each period, the classes on top of each other."""
    named = dict(list(times.counts.items())[:CLASSES])
    others = list(times.counts.values())[CLASSES:]
    if others:
        named[words.count(len(others), "other class", "other classes")] = tuple(map(sum, zip(*others, strict=True)))
    bars = [
        go.Bar(
            x=list(times.starts),
            y=list(counts),
            name=charts.short(name),
            xperiod=_LENGTH[times.period],
            xperiodalignment="middle",
            hovertemplate="%{x}: %{y:,}",
        )
        for name, counts in named.items()
    ]
    figure = charts.blank(bars, height=340)
    figure.update_layout(barmode="stack", legend_traceorder="normal")
    figure.update_xaxes(
        title=f"time, by {times.period}",
        type="date",
        ticklabelmode="period",
        tickformat=_TICKS[times.period],
        dtick=_LENGTH[times.period] if times.periods <= MOST_TICKS else None,
    )
    figure.update_yaxes(title="images", rangemode="tozero", tickformat=",d")
    totals = ", ".join(f"{name} {sum(counts):,}" for name, counts in named.items())
    first, last = times.starts[0], times.starts[-1]
    return Chart(figure, f"Images of each class by {times.period}, from {first:%Y-%m-%d} to {last:%Y-%m-%d}: {totals}.")
