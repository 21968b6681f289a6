"""The checkpoint of a run, from which a killed run resumes after its last epoch.

`last.npz` holds the epochs so far, the seconds of each stage, and the weights and the optimizer state after the last
epoch; `best-<epoch>.npz` holds the weights of the best epoch. `last.npz` is replaced after the file of its best epoch
was written, so the two always fit. Each file contains the fingerprint of recipe and images; files of another run are
ignored. The files contain no pickle.
"""

import hashlib
import json
import shutil
import time
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.dataset.manifest import Manifest
from core.intake.decode_rgb import WHITE
from core.jobs.events import Epoch, dump_event
from core.storage.atomic import write_atomic
from core.training.history import History, best_epoch
from core.training.recipe import Recipe

FOLDER: Final = "checkpoint"
LAST: Final = "last.npz"
FINISHED: Final = "finished.npz"
VERSION: Final = 1
# Largest share of a run's time that is spent on writing checkpoints.
TIME_SHARE: Final = 0.1

UNREADABLE: Final = (OSError, ValueError, KeyError, zipfile.BadZipFile)

Arrays = list[NDArray[Any]]


@dataclass(frozen=True)
class SavedState:
    """The state of a run between two epochs.

    Attributes:
        epochs: The epochs so far.
        seconds: Seconds of each stage.
        weights: Weights of the network that was trained last.
        optimizer: State of its optimizer.
        best_weights: Weights after the best epoch, of the network that its phase trained.
    """

    epochs: tuple[Epoch, ...]
    seconds: dict[str, float]
    weights: Arrays
    optimizer: Arrays
    best_weights: Arrays


class Checkpoint:
    """The checkpoint of one run.

    Args:
        out: Folder of the run.
        recipe: Its recipe.
        manifest: Its images.
    """

    def __init__(self, out: Path, recipe: Recipe, manifest: Manifest) -> None:
        self._folder = out / FOLDER
        self._fingerprint = _fingerprint(recipe, manifest)
        self._next_save = 0.0

    def save(
        self, history: History, seconds: Mapping[str, float], weights: Arrays, optimizer: Arrays, best_weights: Arrays
    ) -> None:
        """Write the state after an epoch. Within a phase, skip it if the last write was slow and recent.

        Args:
            history: The epochs so far.
            seconds: Seconds of each stage.
            weights: Weights of the trained network after the last epoch.
            optimizer: State of its optimizer.
            best_weights: Weights after the best epoch.

        Raises:
            WorkspaceError: The disk is full or not writable.
        """
        began = time.monotonic()
        phase = history.current_phase
        within_phase = phase is not None and phase.name == history.epochs[-1].phase
        if within_phase and began < self._next_save:
            return
        best_file = _best_file(history.epochs)
        if best_file and not (self._folder / best_file).exists():
            self._write(best_file, {}, best_weights)
        state = _state(history, seconds) | {"weights": len(weights)}
        self._write(LAST, state, [*weights, *optimizer])
        for file in self._folder.glob("best-*.npz"):
            if file.name != best_file:
                file.unlink()
        now = time.monotonic()
        self._next_save = now + (now - began) / TIME_SHARE

    def load(self) -> SavedState | None:
        """Read the state that an earlier process saved; files of another run are removed."""
        try:
            state, arrays = self._read(LAST)
            epochs = _epochs(state)
            best_file = _best_file(epochs)
            best_weights = self._read(best_file)[1] if best_file else []
        except UNREADABLE:
            shutil.rmtree(self._folder, ignore_errors=True)
            return None
        n_weights = state["weights"]
        return SavedState(epochs, state["seconds"], arrays[:n_weights], arrays[n_weights:], best_weights)

    def finish(self, history: History, seconds: Mapping[str, float]) -> None:
        """Mark the run as finished: keep its epochs and remove the weights.

        Raises:
            WorkspaceError: The disk is full or not writable.
        """
        self._write(FINISHED, _state(history, seconds), [])
        for file in self._folder.glob("*.npz"):
            if file.name != FINISHED:
                file.unlink()

    def finished(self) -> SavedState | None:
        """The epochs of the run without any weights, if it has finished."""
        try:
            state, _ = self._read(FINISHED)
            return SavedState(_epochs(state), state["seconds"], [], [], [])
        except UNREADABLE:
            return None

    def _write(self, name: str, state: Mapping[str, Any], arrays: Arrays) -> None:
        text = json.dumps({"fingerprint": self._fingerprint, **state})
        write_atomic(self._folder / name, lambda part: np.savez(part, np.array(text), *arrays))

    def _read(self, name: str) -> tuple[dict[str, Any], Arrays]:
        with np.load(self._folder / name, allow_pickle=False) as file:
            state: dict[str, Any] = json.loads(str(file["arr_0"]))
            if state["fingerprint"] != self._fingerprint:
                raise ValueError(f"{name} belongs to another run")
            return state, [file[f"arr_{number}"] for number in range(1, len(file.files))]


def clear_checkpoint(out: Path) -> None:
    """Remove a run's checkpoint; the next training into the same folder starts from the beginning."""
    shutil.rmtree(out / FOLDER, ignore_errors=True)


def _state(history: History, seconds: Mapping[str, float]) -> dict[str, Any]:
    return {"history": [dump_event(epoch) for epoch in history.epochs], "seconds": dict(seconds)}


def _epochs(state: Mapping[str, Any]) -> tuple[Epoch, ...]:
    return tuple(Epoch.model_validate_json(line) for line in state["history"])


def _best_file(epochs: Iterable[Epoch]) -> str:
    best = best_epoch(epochs)
    return f"best-{best.epoch}.npz" if best is not None else ""


def _fingerprint(recipe: Recipe, manifest: Manifest) -> str:
    """Hash of everything that decides the result of a training, including the path of the weights file."""
    images = zip(manifest.digests, manifest.labels.tolist(), manifest.splits.tolist(), strict=True)
    # Runs from before these could be chosen had the defaults and must still be found.
    defaults = {"background": WHITE, "bit_depth": None}
    unchosen = {name for name, value in defaults.items() if getattr(recipe, name) == value}
    choices = recipe.model_dump_json(indent=2, exclude=unchosen)
    text = json.dumps([VERSION, choices, manifest.classes, list(images)])
    return hashlib.sha256(text.encode()).hexdigest()
