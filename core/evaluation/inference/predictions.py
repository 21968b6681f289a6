"""The predictions of a run, and the table they are written to: `predictions.csv`.

The metrics of the report can be computed again from it. Columns: `digest`, `name`, `split` (train, validation or
test), `true` and `predicted` (names of classes), `confidence` (the probability of the predicted class), then one column
a class, `p:<class>`, with its probability. Probabilities are written so that they read back to the same float64.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.dataset.manifest import SPLIT_NAMES
from core.errors import InputError, NotFoundError
from core.evaluation.metrics.classification import Floats, Ints
from core.storage.atomic import write_atomic
from core.storage.tables import read_csv, write_csv

PREDICTIONS_FILE = "predictions.csv"
COLUMNS = ("digest", "name", "split", "true", "predicted", "confidence")
PROBABILITY = "p:"


@dataclass(frozen=True)
class Predictions:
    """Probabilities and labels of many images, one row an image.

    Attributes:
        classes: Names of the classes, in the order of the columns of `probabilities`.
        digests: (n_images,) SHA-256 of each original, in hex.
        names: (n_images,) file names.
        splits: (n_images,) int8, as in `Manifest.splits`.
        true: (n_images,) int64 labels, indices into `classes`.
        probabilities: (n_images, n_classes) float64, rows sum to 1.

    Raises:
        ValueError: The columns differ in length.
    """

    classes: tuple[str, ...]
    digests: tuple[str, ...]
    names: tuple[str, ...]
    splits: NDArray[np.int8]
    true: Ints
    probabilities: Floats

    def __post_init__(self) -> None:
        n_images = len(self.digests)
        if len(self.names) != n_images or self.splits.shape != (n_images,) or self.true.shape != (n_images,):
            raise ValueError(f"{n_images} digests, {len(self.names)} names, {self.splits.shape}, {self.true.shape}")
        if self.probabilities.shape != (n_images, len(self.classes)):
            raise ValueError(
                f"probabilities {self.probabilities.shape} of {n_images} images, {len(self.classes)} classes"
            )

    def __len__(self) -> int:
        return len(self.digests)

    @cached_property
    def predicted(self) -> Ints:
        """(n_images,) the class with the largest probability; the first of equal ones."""
        largest: Ints = self.probabilities.argmax(axis=1).astype(np.int64)
        return largest

    @cached_property
    def confidence(self) -> Floats:
        """(n_images,) the probability of the predicted class."""
        largest: Floats = self.probabilities.max(axis=1)
        return largest

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """(n_images,) whether the predicted class is the label."""
        correct: NDArray[np.bool_] = self.predicted == self.true
        return correct

    def of_split(self, split: int) -> "Predictions":
        """Give the rows of one split."""
        return self.rows(np.flatnonzero(self.splits == split))

    def rows(self, rows: NDArray[np.int64]) -> "Predictions":
        """Give some rows, in the order given."""
        return Predictions(
            self.classes,
            tuple(self.digests[row] for row in rows),
            tuple(self.names[row] for row in rows),
            self.splits[rows],
            self.true[rows],
            self.probabilities[rows],
        )


def write_predictions(predictions: Predictions, path: Path) -> Path:
    """Write the table.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    return write_atomic(path, lambda temporary: _write(predictions, temporary))


def read_predictions(path: Path) -> Predictions:
    """Read what `write_predictions` wrote.

    Raises:
        NotFoundError: There is no such file.
        InputError: It is not a table of predictions.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return _parse(read_csv(file))
    except FileNotFoundError as error:
        raise NotFoundError("This run has no predictions.", "Evaluate it again.") from error
    except (ValueError, LookupError, StopIteration) as error:
        raise InputError(f"{path.name} is not a table of predictions.", "Evaluate the run again.") from error


def _write(predictions: Predictions, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        write_csv(file, _rows(predictions))


def _rows(predictions: Predictions) -> Iterator[tuple[object, ...]]:
    yield (*COLUMNS, *(PROBABILITY + name for name in predictions.classes))
    for row, probabilities in enumerate(predictions.probabilities.tolist()):
        yield (
            predictions.digests[row],
            predictions.names[row],
            SPLIT_NAMES[predictions.splits[row]],
            predictions.classes[predictions.true[row]],
            predictions.classes[predictions.predicted[row]],
            max(probabilities),
            *probabilities,
        )


def _parse(rows: Iterable[list[str]]) -> Predictions:
    lines = iter(rows)
    header = next(lines)
    n_columns = len(COLUMNS)
    if tuple(header[:n_columns]) != COLUMNS or len(header) == n_columns:
        raise ValueError("not the columns of predictions")
    classes = tuple(name.removeprefix(PROBABILITY) for name in header[n_columns:])
    index = {name: number for number, name in enumerate(classes)}
    table = list(lines)
    return Predictions(
        classes=classes,
        digests=tuple(row[0] for row in table),
        names=tuple(row[1] for row in table),
        splits=np.array([SPLIT_NAMES.index(row[2]) for row in table], np.int8),
        true=np.array([index[row[3]] for row in table], np.int64),
        probabilities=np.array([row[n_columns:] for row in table], np.float64).reshape(len(table), len(classes)),
    )
