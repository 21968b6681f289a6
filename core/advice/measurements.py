"""Measurements that were made once and are read again: one small file each, named by a hash of what decides it."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.advice.outcomes import Outcomes
from core.storage.atomic import PART_PREFIX, write_atomic

# Increase it when the same images and choices would be measured differently.
VERSION: Final = 1
MOST_FILES: Final = 4096
_NO_FILE: Final = (OSError, ValueError, KeyError, zipfile.BadZipFile)


class MeasurementStore:
    """Outcomes on the disk. A stopped or killed measurement goes on where it was; changed images have other keys.

    Args:
        folder: Folder of the files; created by the first write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def outcomes(self, key: Any, measure: Callable[[], Outcomes]) -> Outcomes:  # noqa: ANN401 - any JSON
        """Read outcomes, or measure and keep them.

        Args:
            key: Everything that decides them, as JSON.
            measure: Measures them.

        Raises:
            WorkspaceError: The disk is full or not writable.
        """
        found = self.find(key)
        if found is None:
            found = measure()
            self.keep(key, found)
        return found

    def find(self, key: Any) -> Outcomes | None:  # noqa: ANN401 - any JSON
        """Read outcomes; None if they were not measured or the file is damaged."""
        found = self.find_arrays(key)
        try:
            if found is None:
                return None
            correct = found["correct"].astype(np.float64)
            correct[correct < 0] = np.nan
            return Outcomes(correct, found["folds"].astype(np.int64), float(found["seconds"]))
        except _NO_FILE:
            return None

    def keep(self, key: Any, outcomes: Outcomes) -> None:  # noqa: ANN401 - any JSON
        """Write outcomes.

        Raises:
            WorkspaceError: The disk is full or not writable.
        """
        self.keep_arrays(
            key,
            correct=np.nan_to_num(outcomes.correct, nan=-1).astype(np.int8),
            folds=outcomes.folds.astype(np.int16),
            seconds=np.float64(outcomes.seconds),
        )

    def find_arrays(self, key: Any) -> dict[str, NDArray[Any]] | None:  # noqa: ANN401 - any JSON
        """Read other measured values by name; None if they were not measured or the file is damaged."""
        try:
            with np.load(self._path(key), allow_pickle=False) as file:
                return dict(file)
        except _NO_FILE:
            return None

    def keep_arrays(self, key: Any, **arrays: NDArray[Any] | np.float64) -> None:  # noqa: ANN401 - any JSON
        """Write other measured values by name.

        Raises:
            WorkspaceError: The disk is full or not writable.
        """

        def write(part: Path) -> None:
            with part.open("wb") as file:
                np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

        write_atomic(self._path(key), write, shared=True)
        self._remove_oldest()

    def _path(self, key: Any) -> Path:  # noqa: ANN401 - any JSON
        text = json.dumps([VERSION, key], sort_keys=True)
        return self._folder / f"{hashlib.blake2b(text.encode(), digest_size=20).hexdigest()}.npz"

    def _remove_oldest(self) -> None:
        files = [path for path in self._folder.glob("*.npz") if not path.name.startswith(PART_PREFIX)]
        if len(files) > MOST_FILES:
            for path in sorted(files, key=_written_at)[: len(files) - MOST_FILES]:
                path.unlink(missing_ok=True)


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another process removed it
        return 0.0
