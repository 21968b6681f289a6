"""Predictions of files in one SQLite file: written while they are made, read by tables and pages.

A prediction has one row, under the name of its file, so that nothing is there twice. Rows that were added survive the
end of the process.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final, Self

from core.errors import InputError
from core.storage.blobs import OriginalStore
from core.storage.disk import describe_disk_errors

# In the folder of a job that classified files.
PREDICTIONS_FILE: Final = "predictions.sqlite3"
WAIT_SECONDS: Final = 30
# A version of the columns: a store of another version is not continued.
VERSION: Final = 1


@dataclass(frozen=True)
class StoredPrediction:
    """The prediction of one file, or why there is none.

    Attributes:
        file: Its name.
        predicted_class: The most probable class; None if the file cannot be read, like all that follows.
        confidence: Its probability.
        second_class: The next class; None as well if there are fewer classes.
        second_confidence: Its probability.
        third_class: The one after it.
        third_confidence: Its probability.
        none_of_these: Whether the image is out of distribution; None if unknown.
        error: Why the file cannot be read; empty if it can.
        width: Upright width in pixels.
        height: Upright height in pixels.
        time: When it was taken, as the camera says.
        camera: Maker and model.
        latitude: In degrees, north is positive.
        longitude: In degrees, east is positive.
        digest: SHA-256 of the file, if a copy is kept; empty otherwise.
        corrected_class: The class that a person gave; None for none.
    """

    file: str
    predicted_class: str | None = None
    confidence: float | None = None
    second_class: str | None = None
    second_confidence: float | None = None
    third_class: str | None = None
    third_confidence: float | None = None
    none_of_these: bool | None = None
    error: str = ""
    width: int | None = None
    height: int | None = None
    time: str | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    digest: str = ""
    corrected_class: str | None = None

    @property
    def final_class(self) -> str | None:
        """The class that a person gave, or the predicted one; None if the file cannot be read."""
        return self.corrected_class or self.predicted_class

    def needs_look(self, threshold: float) -> bool | None:
        """Whether a person should look at it: unsure, or none of the classes, and not corrected; None if unreadable."""
        if self.confidence is None:
            return None
        return self.corrected_class is None and (bool(self.none_of_these) or self.confidence < threshold)


COLUMNS: Final = tuple(one.name for one in fields(StoredPrediction))


def open_copies(folder: Path) -> OriginalStore:
    """Give the copies of the images in the folder of a job that classified files, and their thumbnails."""
    return OriginalStore(folder / "originals", folder / "thumbnails")


@dataclass(frozen=True)
class PredictionFilter:
    """Which predictions are meant.

    Attributes:
        final_class: Only those of a class, as predicted or corrected.
        needs_look_below: Only those that need a look at this threshold.
        corrected: Only those that a person corrected.
        unreadable: Only files that cannot be read, instead of those that can; None for both.
        least_confident_first: The order; otherwise that of the files.
    """

    final_class: str | None = None
    needs_look_below: float | None = None
    corrected: bool = False
    unreadable: bool | None = None
    least_confident_first: bool = False


class PredictionStore:
    """The file; one thread at a time may use an object, several processes may open it.

    Args:
        path: Of the file; it is created with its folder.

    Raises:
        InputError: It is another file, or of another version.
        WorkspaceError: The disk is full or not writable.
    """

    def __init__(self, path: Path) -> None:
        with describe_disk_errors(str(path)):
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = sqlite3.connect(path, timeout=WAIT_SECONDS, check_same_thread=False)
            self._create()
        except sqlite3.DatabaseError as error:
            raise InputError(f"{path} holds no predictions.", "Remove it, or choose another path.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def add(self, predictions: Iterable[StoredPrediction]) -> None:
        """Add predictions at the end; once this returns they are on the disk. A file that has one keeps it."""
        marks = ", ".join("?" * len(COLUMNS))
        with self._transaction() as connection:
            connection.executemany(
                f"INSERT OR IGNORE INTO predictions ({', '.join(COLUMNS)}) VALUES ({marks})", map(astuple, predictions)
            )

    def has(self, file: str) -> bool:
        """Whether a file has a prediction."""
        return self._connection.execute("SELECT 1 FROM predictions WHERE file = ?", (file,)).fetchone() is not None

    def get(self, file: str) -> StoredPrediction | None:
        """Give the prediction of a file."""
        return next(self._read("WHERE file = ?", (file,)), None)

    def read(
        self, where: PredictionFilter | None = None, start: int = 0, limit: int | None = None
    ) -> Iterator[StoredPrediction]:
        """Yield predictions in order.

        Args:
            where: Which; None for all.
            start: How many to skip.
            limit: How many at most; None for all.
        """
        where = where or PredictionFilter()
        condition, values = _condition(where)
        order = "confidence, number" if where.least_confident_first else "number"
        yield from self._read(
            f"WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?", (*values, -1 if limit is None else limit, start)
        )

    def count(self, where: PredictionFilter | None = None) -> int:
        """Count predictions."""
        condition, values = _condition(where or PredictionFilter())
        (number,) = self._connection.execute(f"SELECT count(*) FROM predictions WHERE {condition}", values).fetchone()
        return int(number)

    def count_classes(self) -> dict[str, int]:
        """Count the files of each class, as predicted or corrected, the most frequent first."""
        rows = self._connection.execute(
            "SELECT coalesce(corrected_class, predicted_class) AS class, count(*) AS files FROM predictions"
            " WHERE error = '' GROUP BY class ORDER BY files DESC, class"
        )
        return dict(rows.fetchall())

    def correct(self, file: str, label: str | None) -> None:
        """Store the class that a person gives a file; None, or the predicted one, takes a correction back."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE predictions SET corrected_class = nullif(?, predicted_class) WHERE file = ? AND error = ''",
                (label, file),
            )

    def set_property(self, name: str, value: object) -> None:
        """Store a property of all predictions together, as JSON."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO properties VALUES (?, ?)", (name, json.dumps(value)))

    def property(self, name: str) -> object:
        """Give a property; None if it was never set."""
        found = self._connection.execute("SELECT value FROM properties WHERE name = ?", (name,)).fetchone()
        return None if found is None else json.loads(found[0])

    def _create(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError
        if version == VERSION:
            return
        with self._transaction() as connection:
            others = ", ".join(f"{name} {kind}" for name, kind in _COLUMN_TYPES.items())
            connection.execute(f"CREATE TABLE predictions (number INTEGER PRIMARY KEY, {others})")
            connection.execute("CREATE TABLE properties (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
            connection.execute(f"PRAGMA user_version = {VERSION}")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._connection:
                yield self._connection
        except sqlite3.OperationalError as error:
            with describe_disk_errors("The predictions"):
                raise OSError(str(error)) from error

    def _read(self, rest: str, values: Sequence[object]) -> Iterator[StoredPrediction]:
        for row in self._connection.execute(f"SELECT {', '.join(COLUMNS)} FROM predictions {rest}", values):
            found = dict(zip(COLUMNS, row, strict=True))
            found["none_of_these"] = None if found["none_of_these"] is None else bool(found["none_of_these"])
            yield StoredPrediction(**found)


_COLUMN_TYPES: Final = dict.fromkeys(COLUMNS, "TEXT") | {
    "file": "TEXT NOT NULL UNIQUE",
    "confidence": "REAL",
    "second_confidence": "REAL",
    "third_confidence": "REAL",
    "none_of_these": "INTEGER",
    "error": "TEXT NOT NULL",
    "width": "INTEGER",
    "height": "INTEGER",
    "latitude": "REAL",
    "longitude": "REAL",
}


def _condition(where: PredictionFilter) -> tuple[str, list[object]]:
    conditions, values = ["1"], list[object]()
    if where.final_class is not None:
        conditions.append("coalesce(corrected_class, predicted_class) = ?")
        values.append(where.final_class)
    if where.needs_look_below is not None:
        conditions.append("corrected_class IS NULL AND (none_of_these OR confidence < ?)")
        values.append(where.needs_look_below)
    if where.corrected:
        conditions.append("corrected_class IS NOT NULL")
    if where.unreadable is not None:
        conditions.append("error != ''" if where.unreadable else "error = ''")
    return " AND ".join(conditions), values
