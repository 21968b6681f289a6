"""Predictions of files in one SQLite file: written while they are made, read by tables and pages.

A prediction has one row, under the name of its file, so that nothing is there twice. Rows that were added survive the
end of the process.
"""

import contextlib
import errno
import json
import os
import shutil
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, Final, Self

from core.errors import GraftError, InputError, WorkspaceError
from core.storage.blobs import OriginalStore
from core.storage.disk import describe_disk_errors, disk_error

# In the folder of a job that classified files.
PREDICTIONS_FILE: Final = "predictions.sqlite3"
WAIT_SECONDS: Final = 30
# Rows that are read together. No statement stays open between them, so that a slow reader keeps no writer waiting.
ROWS_READ_TOGETHER: Final = 500
# SQLite calls it an I/O error if there is not even room for its journal.
JOURNAL_BYTES: Final = 64 * 1024
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

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """The predicted class and those after it, with their probabilities."""
        named = (
            (self.predicted_class, self.confidence),
            (self.second_class, self.second_confidence),
            (self.third_class, self.third_confidence),
        )
        return [(name, share or 0.0) for name, share in named if name is not None]

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
        self._path = path
        with describe_disk_errors(str(path)):
            path.parent.mkdir(parents=True, exist_ok=True)
        with self._describe_errors():
            self._connection = sqlite3.connect(path, timeout=WAIT_SECONDS, check_same_thread=False)
        try:
            self._create()
        except BaseException:
            self.close()
            raise

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
        return bool(self._fetch("SELECT 1 FROM predictions WHERE file = ?", (file,)))

    def read(
        self, where: PredictionFilter | None = None, start: int = 0, limit: int | None = None
    ) -> Iterator[StoredPrediction]:
        """Yield predictions in order. Others may write meanwhile; which predictions are yielded is fixed at the start.

        Args:
            where: Which; None for all.
            start: How many to skip.
            limit: How many at most; None for all.
        """
        where = where or PredictionFilter()
        condition, values = _condition(where)
        order = "confidence, number" if where.least_confident_first else "number"
        found = self._fetch(
            f"SELECT number FROM predictions WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?",
            (*values, -1 if limit is None else limit, start),
        )
        numbers = array("q", (number for (number,) in found))
        del found
        for first in range(0, len(numbers), ROWS_READ_TOGETHER):
            yield from self._read_numbers(numbers[first : first + ROWS_READ_TOGETHER])

    def count(self, where: PredictionFilter | None = None) -> int:
        """Count predictions."""
        condition, values = _condition(where or PredictionFilter())
        ((number,),) = self._fetch(f"SELECT count(*) FROM predictions WHERE {condition}", values)
        return int(number)

    def count_classes(self) -> dict[str, int]:
        """Count the files of each class, as predicted or corrected, the most frequent first."""
        return dict(
            self._fetch(
                "SELECT coalesce(corrected_class, predicted_class) AS class, count(*) AS files FROM predictions"
                " WHERE error = '' GROUP BY class ORDER BY files DESC, class"
            )
        )

    def first_and_last_time(self) -> tuple[str | None, str | None]:
        """Give the time of the earliest and of the latest image; None if no camera wrote one."""
        ((first, last),) = self._fetch("SELECT min(time), max(time) FROM predictions WHERE error = ''")
        return first, last

    def count_times(self, letters: int) -> dict[tuple[str | None, str], int]:
        """Count the images of each class, as predicted or corrected, by the first letters of their time.

        Args:
            letters: How many letters of the time are compared, e.g. 10 for its day.
        """
        rows = self._fetch(
            "SELECT substr(time, 1, ?) AS start, coalesce(corrected_class, predicted_class) AS class, count(*)"
            " FROM predictions WHERE error = '' GROUP BY start, class ORDER BY start, class",
            (letters,),
        )
        return {(start, name): number for start, name, number in rows}

    def correct(self, files: Iterable[str], label: str | None) -> None:
        """Store the class that a person gives files; None, or the predicted one, takes a correction back."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE predictions SET corrected_class = nullif(?, predicted_class) WHERE file = ? AND error = ''",
                [(label, file) for file in files],
            )

    def set_property(self, name: str, value: object) -> None:
        """Store a property of all predictions together, as JSON."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO properties VALUES (?, ?)", (name, json.dumps(value)))

    def property(self, name: str) -> object:
        """Give a property; None if it was never set."""
        found = self._fetch("SELECT value FROM properties WHERE name = ?", (name,))
        return json.loads(found[0][0]) if found else None

    def _create(self) -> None:
        """Create the tables, all or none, unless another process did."""
        if self._version() == VERSION:
            return
        with self._transaction() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if self._version() == VERSION:
                return
            if self._version() or self._fetch("SELECT 1 FROM sqlite_master"):
                raise self._no_predictions()
            others = ", ".join(f"{name} {kind}" for name, kind in _COLUMN_TYPES.items())
            connection.execute(f"CREATE TABLE predictions (number INTEGER PRIMARY KEY, {others})")
            connection.execute("CREATE TABLE properties (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
            connection.execute(f"PRAGMA user_version = {VERSION}")

    def _version(self) -> int:
        ((version,),) = self._fetch("PRAGMA user_version")
        return int(version)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._describe_errors(), self._connection:
            yield self._connection

    def _fetch(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._describe_errors():
            return self._connection.execute(statement, values).fetchall()

    def _read_numbers(self, numbers: Sequence[int]) -> Iterator[StoredPrediction]:
        marks = ", ".join("?" * len(numbers))
        rows = self._fetch(f"SELECT number, {', '.join(COLUMNS)} FROM predictions WHERE number IN ({marks})", numbers)
        by_number = {number: row for number, *row in rows}
        for number in numbers:
            found = dict(zip(COLUMNS, by_number[number], strict=True))
            found["none_of_these"] = None if found["none_of_these"] is None else bool(found["none_of_these"])
            yield StoredPrediction(**found)

    @contextlib.contextmanager
    def _describe_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError:  # a bug, not the state of the file
            raise
        except sqlite3.DatabaseError as error:
            raise self._describe(error.sqlite_errorcode & 0xFF) from error

    def _describe(self, code: int) -> GraftError:
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return WorkspaceError(f"{self._path.name} is being written by another process.", "Try again in a moment.")
        if code not in _SYSTEM_ERRORS:
            return self._no_predictions()
        number = _SYSTEM_ERRORS[code]
        with contextlib.suppress(OSError):
            if number == errno.EIO and shutil.disk_usage(self._path.parent).free < JOURNAL_BYTES:
                number = errno.ENOSPC
        return disk_error(str(self._path), OSError(number, os.strerror(number)))

    def _no_predictions(self) -> InputError:
        return InputError(f"{self._path} holds no predictions.", "Remove it, or choose another path.")


_SYSTEM_ERRORS: Final = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_READONLY: errno.EACCES,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}
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
