"""The confusion matrix as a chart whose cells can be clicked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from core.evaluation.rendering.contrast import BLACK, WHITE, shade, text_colour
from pages.components.charts import Chart, blank, sequential_colours, short

Shares = Literal["counts", "rows", "columns"]

# Up to this many classes a cell is large enough for its number.
NUMBERS_UP_TO = 15
# Up to this many classes an empty cell can be clicked as well; beyond, markers would be slow to draw.
ALL_CELLS_UP_TO = 60
_LABEL_LENGTH = 18
_SCROLLING = "<style>.st-key-matrix-window { overflow-x: auto } .st-key-matrix { min-width: LEASTpx }</style>"
_ORANGE = "rgba(230, 159, 0, 0.35)"
_NUMBER: dict[Shares, str] = {"counts": ",d", "rows": ".0%", "columns": ".0%"}


def confusion_chart(
    counts: NDArray[np.int64],
    names: Sequence[str],
    *,
    shares: Shares = "counts",
    order: Sequence[int] | None = None,
    mistakes_only: bool = False,
) -> Chart:
    """Make a confusion matrix. Each cell with images can be clicked and holds its (true, predicted) class indices.

    Args:
        counts: (n_classes, n_classes) images, rows true, columns predicted.
        names: Names of the classes.
        shares: What a cell shows: its number of images, or their share of the row (true class) or of the column
            (predicted class).
        order: Class indices in the order to draw; None for the order of `names`.
        mistakes_only: Leave the diagonal empty, so that the colours show the mistakes.
    """
    order = list(range(len(names))) if order is None else list(order)
    shown = counts[np.ix_(order, order)]
    if mistakes_only:
        shown = shown - np.diag(np.diagonal(shown))
    values = _values(shown, counts[np.ix_(order, order)], shares)
    labels = [short(names[index], _LABEL_LENGTH) for index in order]
    colours = _colours(values, shares)
    numbers = _numbers(values, colours, shares) if len(names) <= NUMBERS_UP_TO else []
    figure = blank([colours, *numbers, _cells(shown, order, names)], _height(len(names)))
    positions = list(range(len(names)))
    edges = [-0.5, len(names) - 0.5]
    figure.update_xaxes(
        title="predicted class",
        tickvals=positions,
        ticktext=labels,
        range=edges,
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(
        title="true class",
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
    most = max(1.0, float(values.max())) if shares == "counts" else 1.0
    number = _NUMBER[shares]
    return go.Heatmap(
        z=np.where(values > 0, values, np.nan),
        zmin=-0.1 * most,  # so that one image looks different from none
        zmax=most,
        colorscale=sequential_colours(),
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        colorbar=_bar(shares, most, number, wide=len(values) <= NUMBERS_UP_TO),
    )


def _numbers(values: NDArray[np.float64], colours: go.Heatmap, shares: Shares) -> list[go.Scatter]:
    """The numbers in the cells, black or white by contrast; Plotly's own colours are too pale on medium blues."""
    scale, reach = [colour for _, colour in colours.colorscale], colours.zmax - colours.zmin
    by_colour: dict[str, list[tuple[int, int]]] = {BLACK: [], WHITE: []}
    for row, column in np.argwhere(values > 0).tolist():
        by_colour[text_colour(shade(scale, (values[row, column] - colours.zmin) / reach))].append((row, column))
    return [_text(cells, values, shares, colour) for colour, cells in by_colour.items() if cells]


def _text(cells: list[tuple[int, int]], values: NDArray[np.float64], shares: Shares, colour: str) -> go.Scatter:
    return go.Scatter(
        x=[column for _, column in cells],
        y=[row for row, _ in cells],
        text=[format(values[cell] if shares != "counts" else int(values[cell]), _NUMBER[shares]) for cell in cells],
        mode="text",
        textfont={"color": colour},
        unselected={"textfont": {"color": colour}},
        hoverinfo="skip",
    )


def _bar(shares: Shares, most: float, number: str, *, wide: bool) -> dict[str, Any]:
    """The colour bar: beside the matrix, or above it where many classes need the whole width."""
    title = {"counts": "images", "rows": "share of the row", "columns": "share of the column"}[shares]
    whole = sorted({round(most * part / 4) for part in range(5)})
    ticks = {"tickvals": whole} if shares == "counts" else {"dtick": 0.25}
    bar = {"title_text": title, "tickformat": number, "thickness": 12, **ticks}
    return bar if wide else bar | {"orientation": "h", "y": 1, "yanchor": "bottom", "title_side": "top"}


def _cells(shown: NDArray[np.int64], order: list[int], names: Sequence[str]) -> go.Scatter:
    """Invisible markers over the cells: Streamlit reports no clicks on a heatmap (streamlit/streamlit issue 8760)."""
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
        hovertemplate="true class %{customdata[2]}<br>predicted class %{customdata[3]}<br>"
        "%{customdata[4]} images<extra></extra>",
    )


def _cell(
    shown: NDArray[np.int64], order: list[int], names: Sequence[str], row: np.int64, column: np.int64
) -> list[object]:
    true, predicted = order[int(row)], order[int(column)]
    return [true, predicted, short(names[true]), short(names[predicted]), int(shown[row, column])]


@contextmanager
def matrix_window(classes: int) -> Iterator[None]:
    """A container for a matrix. In a narrow window it scrolls sideways, so that cells stay large enough to touch."""
    st.html(_SCROLLING.replace("LEAST", str(least_width(classes))))
    with st.container(key="matrix-window"), st.container(key="matrix"):
        yield


def least_width(classes: int) -> int:
    """The smallest width, in pixels, at which the cells can be seen and touched."""
    return 150 + classes * (30 if classes <= NUMBERS_UP_TO else 12)


def _height(classes: int) -> int:
    return int(np.clip(150 + classes * (44 if classes <= NUMBERS_UP_TO else 17), 320, 1500))


def _marker_size(classes: int) -> int:
    return 30 if classes <= NUMBERS_UP_TO else 13


def _alt(counts: NDArray[np.int64], names: Sequence[str]) -> str:
    correct, images = int(np.trace(counts)), int(counts.sum())
    text = f"Confusion matrix of {len(names)} classes: {correct} of {images} images were predicted correctly."
    wrong = counts - np.diag(np.diagonal(counts))
    if not wrong.any():
        return text
    true, predicted = (int(index) for index in np.unravel_index(int(wrong.argmax()), wrong.shape))
    return f"{text} Most often, {names[true]} was predicted as {names[predicted]}: {wrong[true, predicted]} times."
