"""How many images each class has in each split, as bars."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.catalog.labels import Label
from pages.components.charts import Chart, blank, short

_SPLITS = ("train", "validation", "test")
_PATTERNS = ("", "/", ".")  # so that colour is not needed
ROW_PIXELS, MOST_PIXELS = 26, 900


def class_chart(labels: Sequence[Label]) -> Chart:
    """Make a chart with a bar for each class, divided by split.

    Args:
        labels: The classes with their counts.
    """
    rows = list(range(len(labels)))
    bars = [
        go.Bar(
            x=[label.splits.get(split, 0) for label in labels],
            y=rows,
            name=split,
            orientation="h",
            marker_pattern_shape=pattern,
            customdata=[short(label.name) for label in labels],
            hovertemplate=f"%{{customdata}}: %{{x}} in {split}<extra></extra>",
        )
        for split, pattern in zip(_SPLITS, _PATTERNS, strict=True)
    ]
    figure = blank(bars, height=min(MOST_PIXELS, 110 + ROW_PIXELS * len(labels)))
    figure.update_layout(barmode="stack", legend_traceorder="normal")
    figure.update_xaxes(title="images")
    figure.update_yaxes(
        title="class", tickvals=rows, ticktext=[short(label.name) for label in labels], autorange="reversed"
    )
    return Chart(figure, _alt(labels))


def _alt(labels: Sequence[Label]) -> str:
    most = max(labels, key=lambda label: label.images)
    least = min(labels, key=lambda label: label.images)
    return (
        f"Images of {len(labels)} classes by split. The largest is {most.name} with {most.images}, the smallest "
        f"{least.name} with {least.images}."
    )
