"""The confusion matrix of the test split, and the images of a clicked cell."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components import charts
from pages.components.confusion_chart import NUMBERS_UP_TO, Shares, confusion_chart, matrix_window
from pages.results import predicted_images
from pages.shared import frame, words
from pages.shared.run_results import Results

_SHARES: dict[Shares, str] = {
    "counts": "Images",
    "rows": "Share of the row (recall)",
    "columns": "Share of the column (precision)",
}
Cell = tuple[int, int]
# With more classes, similar ones are placed side by side: blocks are easier to see.
MANY_CLASSES = 10


@frame.fragment
def draw(project_id: str, results: Results) -> None:
    """Draw the matrix, and the images of one of its cells."""
    st.markdown("A row for each true class, a column for each predicted class. **Click a cell to see its images.**")
    counts = np.array(results.report.confusion, np.int64)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        shares = st.segmented_control(
            "Colours",
            list(_SHARES),
            default="counts",
            required=True,
            format_func=_SHARES.__getitem__,
            key="shares",
            wrap=True,
        )
        similar = st.toggle("Similar classes side by side", value=len(counts) > MANY_CLASSES, key="similar-together")
        mistakes = st.toggle("Mistakes only", key="mistakes-only")
    chart = confusion_chart(
        counts,
        results.report.classes,
        shares=shares,
        order=results.report.order if similar else None,
        mistakes_only=mistakes,
    )
    above, matrix = st.container(), st.container()
    with matrix, matrix_window(len(counts)):
        points = charts.show_selectable(chart, key=f"confusion-{results.run_id}-{similar}")
    clicked = (int(points[0]["customdata"][0]), int(points[0]["customdata"][1])) if points else None
    with above if len(counts) > NUMBERS_UP_TO else st.container():  # below a large matrix it would be out of sight
        cell = _choose_cell(counts, results.report.classes, clicked)
    if cell is None:
        return
    test = results.test
    rows = np.flatnonzero((test.true == cell[0]) & (test.predicted == cell[1]))
    rows = rows[np.argsort(-test.confidence[rows], kind="stable")]
    predicted_images.draw(project_id, results.run_id, test.rows(rows), f"cell-{cell[0]}-{cell[1]}")


def _choose_cell(counts: NDArray[np.int64], classes: tuple[str, ...], clicked: Cell | None) -> Cell | None:
    """The cell to show: from a click in the chart or, without a mouse, from a list."""
    cells = _cells(counts)
    if clicked is not None and clicked not in cells:
        cells = [clicked, *cells]

    def title(cell: Cell) -> str:
        true, predicted = (words.shorten(classes[index]) for index in cell)
        return f"{true}, predicted as {predicted}: {words.count(int(counts[cell]), 'image')}"

    return st.selectbox(
        "Images of the cell",
        cells,
        index=cells.index(clicked) if clicked is not None else None,
        format_func=title,
        placeholder="Click a cell above, or choose one here",
        key=f"cell-{clicked}",
    )


def _cells(counts: NDArray[np.int64]) -> list[Cell]:
    """Cells with images: first the mistakes, each part by number of images."""
    rows, columns = np.nonzero(counts)
    pairs = [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)]
    return sorted(pairs, key=lambda cell: (cell[0] == cell[1], -int(counts[cell])))
