"""The table of predictions, as CSV or Excel: one row a file, in the order in which the files were read.

Columns: `file`, `predicted_class`, `confidence` (the probability of the class), the second and third class with their
probabilities, `none_of_these` (unlike all training images), `needs_look` (a person should check it), `error` (why the
file could not be read), then `width` and `height` in pixels, `time`, `camera`, `latitude` and `longitude` as the camera
wrote them. Where a person corrected predictions, `corrected_class` comes last. Cells without a value are empty.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from core.errors import InputError
from core.storage.atomic import write_atomic
from core.storage.tables import check_excel_rows, write_csv, write_excel
from core.use.prediction_store import PredictionFilter, PredictionStore

COLUMNS: Final = (
    "file",
    "predicted_class",
    "confidence",
    "second_class",
    "second_confidence",
    "third_class",
    "third_confidence",
    "none_of_these",
    "needs_look",
    "error",
    "width",
    "height",
    "time",
    "camera",
    "latitude",
    "longitude",
)
CORRECTED: Final = "corrected_class"
TABLE_SUFFIXES: Final = (".csv", ".xlsx")
# Confidence below which a prediction needs a look, unless a person chooses another: all other classes together are as
# probable.
DEFAULT_THRESHOLD: Final = 0.5


def threshold_of(store: PredictionStore) -> float:
    """Give the confidence below which a prediction needs a look, as a person set it with the predictions."""
    chosen = store.property("threshold")
    return float(chosen) if isinstance(chosen, int | float) else DEFAULT_THRESHOLD


def check_table_path(path: Path, n_rows: int = 1) -> None:
    """Check that a table can be written to a path.

    Args:
        path: Of the table.
        n_rows: Its rows, with the header.

    Raises:
        InputError: The suffix names no format, or a sheet cannot hold so many rows.
    """
    if path.suffix.lower() not in TABLE_SUFFIXES:
        raise InputError(f"{path.name} is neither .csv nor .xlsx.", "Give the table one of these suffixes.")
    if path.suffix.lower() == ".xlsx":
        check_excel_rows(n_rows)


def write_table(store: PredictionStore, path: Path, threshold: float = DEFAULT_THRESHOLD) -> Path:
    """Write the table; the suffix of the path decides between CSV and Excel.

    Args:
        store: The predictions.
        path: Of the table; it appears complete or not at all.
        threshold: Confidence below which a prediction needs a look.

    Raises:
        InputError: The suffix names no format, or a sheet cannot hold so many rows.
        WorkspaceError: The disk is full or not writable.
    """
    return write_rows(path, table_rows(store, threshold), store.count() + 1)


def write_rows(path: Path, rows: Iterable[Iterable[object]], n_rows: int) -> Path:
    """Write rows as CSV, with `true` and `false`, or as Excel, as the suffix of the path says.

    Args:
        path: Of the table; it appears complete or not at all.
        rows: The header and the rows.
        n_rows: How many there are, or more.

    Raises:
        InputError: The suffix names no format, or a sheet cannot hold so many rows.
        WorkspaceError: The disk is full or not writable.
    """
    check_table_path(path)

    def fill(part: Path) -> None:
        if path.suffix.lower() == ".xlsx":
            write_excel(part, rows, n_rows)
            return
        with part.open("w", encoding="utf-8", newline="") as file:
            write_csv(file, ([_as_text(cell) for cell in row] for row in rows))

    return write_atomic(path, fill)


def table_rows(store: PredictionStore, threshold: float) -> Iterator[tuple[object, ...]]:
    """Yield the header and the rows of the table.

    Args:
        store: The predictions.
        threshold: Confidence below which a prediction needs a look.
    """
    corrected = store.count(PredictionFilter(corrected=True)) > 0
    columns = (*COLUMNS, CORRECTED) if corrected else COLUMNS
    yield columns
    for one in store.read():
        yield tuple(one.needs_look(threshold) if name == "needs_look" else getattr(one, name) for name in columns)


def _as_text(cell: object) -> object:
    return str(cell).lower() if isinstance(cell, bool) else cell
