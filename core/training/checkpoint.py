"""The checkpoint of a run: what a killed run needs to go on after its last epoch.

`last.npz` holds the epochs so far, the seconds of each stage, the weights and the optimizer after the last epoch;
`best-<epoch>.npz` the weights of the epoch to keep. `last.npz` names the latter through its epochs and is replaced
after it, so the two always fit. All of them carry the fingerprint of recipe and images: what belongs to another run is
passed over. Nothing in the files can execute (no pickle).
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
from core.training.history import History, lowest
from core.training.recipe import Recipe

FOLDER: Final = "checkpoint"
LAST: Final = "last.npz"
FINISHED: Final = "finished.npz"
VERSION: Final = 1
# At most this share of a run's time goes into writing its checkpoints.
SHARE: Final = 0.1

UNREADABLE: Final = (OSError, ValueError, KeyError, zipfile.BadZipFile)

Arrays = list[NDArray[Any]]


@dataclass(frozen=True)
class Saved:
    """A run between two epochs.

    Attributes:
        history: Its epochs.
        seconds: Spent, by stage.
        weights: Of the network trained last.
        optimizer: State of its optimizer.
        best: Weights of the network in whose phase the best epoch lies, after that epoch.
    """

    history: tuple[Epoch, ...]
    seconds: dict[str, float]
    weights: Arrays
    optimizer: Arrays
    best: Arrays


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
        self._due = 0.0

    def save(
        self, course: History, seconds: Mapping[str, float], weights: Arrays, optimizer: Arrays, best: Arrays
    ) -> None:
        """Write the state after an epoch; within a phase not where the last write was long and a moment ago.

        Args:
            course: The epochs so far.
            seconds: Spent, by stage.
            weights: Of the network after the last epoch.
            optimizer: State of its optimizer.
            best: Weights of the best epoch.

        Raises:
            WorkspaceError: The disk is full or not writable.
        """
        began = time.monotonic()
        within = course.phase is not None and course.phase.name == course.history[-1].phase
        if within and began < self._due:
            return
        kept = _best_name(course.history)
        if kept and not (self._folder / kept).exists():
            self._write(kept, {}, best)
        state = _state(course, seconds) | {"weights": len(weights)}
        self._write(LAST, state, [*weights, *optimizer])
        for old in self._folder.glob("best-*.npz"):
            if old.name != kept:
                old.unlink()
        now = time.monotonic()
        self._due = now + (now - began) / SHARE

    def load(self) -> Saved | None:
        """What an earlier process left of this run; what is there of another one is removed."""
        try:
            state, arrays = self._read(LAST)
            history = _history(state)
            kept = _best_name(history)
            best = self._read(kept)[1] if kept else []
        except UNREADABLE:
            shutil.rmtree(self._folder, ignore_errors=True)
            return None
        n_weights = state["weights"]
        return Saved(history, state["seconds"], arrays[:n_weights], arrays[n_weights:], best)

    def finish(self, course: History, seconds: Mapping[str, float]) -> None:
        """Keep of a finished run its epochs alone: they say that nothing is left to do.

        Raises:
            WorkspaceError: The disk is full or not writable.
        """
        self._write(FINISHED, _state(course, seconds), [])
        for file in self._folder.glob("*.npz"):
            if file.name != FINISHED:
                file.unlink()

    def finished(self) -> Saved | None:
        """The epochs of the run, if it had finished before."""
        try:
            state, _ = self._read(FINISHED)
            return Saved(_history(state), state["seconds"], [], [], [])
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
    """Remove a run's checkpoint; the next training into the same folder begins anew."""
    shutil.rmtree(out / FOLDER, ignore_errors=True)


def _state(course: History, seconds: Mapping[str, float]) -> dict[str, Any]:
    return {"history": [dump_event(epoch) for epoch in course.history], "seconds": dict(seconds)}


def _history(state: Mapping[str, Any]) -> tuple[Epoch, ...]:
    return tuple(Epoch.model_validate_json(line) for line in state["history"])


def _best_name(history: Iterable[Epoch]) -> str:
    best = lowest(history)
    return f"best-{best.epoch}.npz" if best is not None else ""


def _fingerprint(recipe: Recipe, manifest: Manifest) -> str:
    """Hash of all that decides what a training does, where its weights file lies included."""
    images = zip(manifest.digests, manifest.labels.tolist(), manifest.splits.tolist(), strict=True)
    # A run that was begun before a background could be chosen goes on: it lay on white.
    choices = recipe.model_dump_json(indent=2, exclude={"background"} if recipe.background == WHITE else None)
    text = json.dumps([VERSION, choices, manifest.classes, list(images)])
    return hashlib.sha256(text.encode()).hexdigest()
