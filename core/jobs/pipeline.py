"""Trains and evaluates a run; a job, the command line and the benchmarks share it.

Worker only: imports Keras.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.dataset.manifest import Manifest
from core.dataset.manifest_file import save_manifest
from core.evaluation.evaluate import evaluate
from core.evaluation.report.report import Report
from core.jobs.events import EVENTS_FILE, Event, Message, dump_event
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.recipe import RECIPE_FILE, Recipe, dump_recipe
from core.training.train import TrainingResult, train


@dataclass(frozen=True)
class RunResult:
    """The result of a run.

    Attributes:
        outcome: Of the training.
        report: Of the evaluation.
        seconds: Time of each stage of the training, and of `evaluate`.
    """

    outcome: TrainingResult
    report: Report
    seconds: dict[str, float]

    def metrics(self) -> dict[str, Any]:
        """The metrics of each split as JSON."""
        return self.report.metrics.model_dump(mode="json")


def execute_run(
    recipe: Recipe,
    manifest: Manifest,
    out: Path,
    *,
    originals: OriginalStore,
    settings: Settings,
    emit: Callable[[Event], None],
    progress: Callable[[str, str], Callable[[int, int], None]],
    should_stop: Callable[[], bool],
    relabelled_by_model: int = 0,
) -> RunResult:
    """Train, evaluate and save; continue from a checkpoint of the same run if the folder has one.

    Args:
        recipe: Every choice.
        manifest: The images.
        out: Folder for the model, the report and what reproduces them; created if needed.
        originals: The image files.
        settings: Where caches and weights are.
        emit: Receives the events.
        progress: Returns, for the name of a stage and a unit, a function of the units done and the total.
        should_stop: Whether a person asked to stop; the best epoch so far is then evaluated.
        relabelled_by_model: Test images whose label was changed after a network had disagreed with it.

    Raises:
        GraftError: The data, the recipe or the weights do not allow a training.
        RunStopped: A person stopped the run before its first epoch ended.
    """
    manifest.check()
    out.mkdir(parents=True, exist_ok=True)
    (out / RECIPE_FILE).write_text(dump_recipe(recipe), encoding="utf-8")
    save_manifest(manifest, out)
    with (out / EVENTS_FILE).open("a", encoding="utf-8") as log:

        def report(event: Event) -> None:
            log.write(dump_event(event) + "\n")
            log.flush()
            emit(event)

        outcome = train(
            recipe, manifest, originals=originals, settings=settings, emit=report, should_stop=should_stop, out=out
        )
        began = time.monotonic()
        measured = evaluate(
            out,
            manifest,
            originals=originals,
            settings=settings,
            say=lambda sentence: report(Message(text=sentence)),
            on_progress=progress("Evaluating", "images"),
            relabelled_by_model=relabelled_by_model,
        )
        seconds = {**outcome.seconds, "evaluate": time.monotonic() - began}
    return RunResult(outcome, measured, seconds)
