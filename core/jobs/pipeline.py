"""A run from a recipe and its images to a model and its report: the same for a job, the command line and a benchmark.

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
from core.jobs.events import Event, Message, dump_event
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.recipe import RECIPE_FILE, Recipe, dump_recipe
from core.training.train import TrainingResult, train

EVENTS_FILE = "events.jsonl"


@dataclass(frozen=True)
class RunResult:
    """What a run gave.

    Attributes:
        outcome: Of the training.
        report: Of the evaluation.
        seconds: Spent on each stage, those of the training and `evaluate`.
    """

    outcome: TrainingResult
    report: Report
    seconds: dict[str, float]

    def metrics(self) -> dict[str, Any]:
        """What was measured on each split, as JSON."""
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
) -> RunResult:
    """Train, evaluate and save; a folder that holds a checkpoint of the same run goes on where it was.

    Args:
        recipe: Every choice.
        manifest: The images.
        out: Folder for the model, the report and all that reproduces them; made if it is not there.
        originals: Where the images lie.
        settings: Where caches and weights lie.
        emit: Takes the run's events.
        progress: Gives, for the name of a stage and a unit, a function of done and total.
        should_stop: Whether a person wants it to end; what was reached is then evaluated and kept.

    Raises:
        GraftError: The data, the recipe or the weights make a training impossible, or the run was stopped before its
            first epoch.
    """
    manifest.check()
    out.mkdir(parents=True, exist_ok=True)
    (out / RECIPE_FILE).write_text(dump_recipe(recipe), encoding="utf-8")
    save_manifest(manifest, out)
    with (out / EVENTS_FILE).open("a", encoding="utf-8") as story:

        def tell(event: Event) -> None:
            story.write(dump_event(event) + "\n")
            story.flush()
            emit(event)

        outcome = train(
            recipe, manifest, originals=originals, settings=settings, emit=tell, should_stop=should_stop, out=out
        )
        began = time.monotonic()
        report = evaluate(
            out,
            manifest,
            originals=originals,
            settings=settings,
            say=lambda sentence: tell(Message(text=sentence)),
            on_progress=progress("Evaluating", "images"),
        )
        seconds = {**outcome.seconds, "evaluate": time.monotonic() - began}
    return RunResult(outcome, report, seconds)
