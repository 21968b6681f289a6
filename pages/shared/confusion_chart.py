"""The confusion matrix as a chart whose cells can be clicked."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pages.shared.charts import Chart, blank, short

Shares = Literal["counts", "rows", "columns"]

# Up to this many classes a cell is large enough for its number.
NUMBERS_UP_TO = 15
# Up to this many classes an empty cell can be clicked as well; beyond, so many marks would be slow to draw.
ALL_CELLS_UP_TO = 60
_LABEL_LENGTH = 18
_ORANGE = "rgba(230, 159, 0, 0.35)"


def confusion_chart(
    counts: NDArray[np.int64],
    names: Sequence[str],
    *,
    shares: Shares = "counts",
    order: Sequence[int] | None = None,
    mistakes_only: bool = False,
) -> Chart:
    """Draw a confusion matrix; each cell that has images can be clicked, and carries (true, predicted) class indices.

    Args:
        counts: (n_classes, n_classes) images, rows true, columns predicted.
        names: Names of the classes.
        shares: Colour and number of a cell: its images, or their share of the row (of what the images are) or of the
            column (of what they were called).
        order: Class indices in the order to draw; None for their own.
        mistakes_only: Leave the diagonal empty, so that the mistakes get the colours.
    """
    order = list(range(len(names))) if order is None else list(order)
    shown = counts[np.ix_(order, order)]
    if mistakes_only:
        shown = shown - np.diag(np.diagonal(shown))
    values = _values(shown, counts[np.ix_(order, order)], shares)
    labels = [short(names[index], _LABEL_LENGTH) for index in order]
    figure = blank([_colours(values, shares), _cells(shown, order, names)], _height(len(names)))
    positions = list(range(len(names)))
    edges = [-0.5, len(names) - 0.5]
    figure.update_xaxes(
        title="called (predicted class)",
        tickvals=positions,
        ticktext=labels,
        range=edges,
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(
        title="is (true class)",
        tickvals=positions,
        ticktext=labels,
        range=edges[::-1],
        showgrid=False,
        zeroline=False,
    )
    figure.update_layout(
        showlegend=False, clickmode="event+select", dragmode=False, hovermode="closest", hoverdistance=-1
    )
    return Chart(figure, _alt(counts, names))


def _values(shown: NDArray[np.int64], counts: NDArray[np.int64], shares: Shares) -> NDArray[np.float64]:
    if shares == "counts":
        return shown.astype(np.float64)
    whole = counts.sum(axis=1, keepdims=True) if shares == "rows" else counts.sum(axis=0, keepdims=True)
    shared: NDArray[np.float64] = shown / np.maximum(whole, 1)
    return shared


def _colours(values: NDArray[np.float64], shares: Shares) -> go.Heatmap:
    number = ",d" if shares == "counts" else ".0%"
    most = max(1.0, float(values.max())) if shares == "counts" else 1.0
    return go.Heatmap(
        z=np.where(values > 0, values, np.nan),
        zmin=-0.1 * most,  # so that a single image is told from none
        zmax=most,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        texttemplate=f"%{{z:{number}}}" if len(values) <= NUMBERS_UP_TO else None,
        colorbar=_bar(shares, most, number, wide=len(values) <= NUMBERS_UP_TO),
    )


def _bar(shares: Shares, most: float, number: str, *, wide: bool) -> dict[str, Any]:
    """The meaning of the colours; above a matrix of many classes, which needs the whole width."""
    title = {"counts": "images", "rows": "share of the row", "columns": "share of the column"}[shares]
    whole = sorted({round(most * part / 4) for part in range(5)})
    ticks = {"tickvals": whole} if shares == "counts" else {"dtick": 0.25}
    bar = {"title": title, "tickformat": number, "thickness": 12, **ticks}
    return bar if wide else bar | {"orientation": "h", "y": 1, "yanchor": "bottom", "title_side": "top"}


def _cells(shown: NDArray[np.int64], order: list[int], names: Sequence[str]) -> go.Scatter:
    """Invisible marks over the cells: a click on a heatmap reaches no page (streamlit/streamlit issue 8760)."""
    everywhere = np.ones_like(shown) if len(names) <= ALL_CELLS_UP_TO else shown
    rows, columns = np.nonzero(everywhere)
    return go.Scatter(
        x=columns,
        y=rows,
        customdata=[_cell(shown, order, names, row, column) for row, column in zip(rows, columns, strict=True)],
        mode="markers",
        marker={"symbol": "square-open", "size": _marker_size(len(names)), "opacity": 0, "line": {"width": 3}},
        selected={"marker": {"opacity": 1, "color": _ORANGE}},
        unselected={"marker": {"opacity": 0}},
        hovertemplate="is %{customdata[2]}<br>called %{customdata[3]}<br>%{customdata[4]} images<extra></extra>",
    )


def _cell(
    shown: NDArray[np.int64], order: list[int], names: Sequence[str], row: np.int64, column: np.int64
) -> list[object]:
    true, called = order[int(row)], order[int(column)]
    return [true, called, short(names[true]), short(names[called]), int(shown[row, column])]


def _height(classes: int) -> int:
    return int(np.clip(150 + classes * (44 if classes <= NUMBERS_UP_TO else 17), 320, 1500))


def _marker_size(classes: int) -> int:
    return 30 if classes <= NUMBERS_UP_TO else 13


def _alt(counts: NDArray[np.int64], names: Sequence[str]) -> str:
    right, images = int(np.trace(counts)), int(counts.sum())
    said = f"Confusion matrix of {len(names)} classes: {right} of {images} test images were called what they are."
    wrong = counts - np.diag(np.diagonal(counts))
    if not wrong.any():
        return said
    true, called = (int(index) for index in np.unravel_index(int(wrong.argmax()), wrong.shape))
    return f"{said} Most often, {names[true]} was called {names[called]}: {wrong[true, called]} times."
