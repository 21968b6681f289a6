"""A whole training: plan, build the networks, train, save the model. Worker only: imports Keras."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.dataset.manifest import TRAIN, Manifest
from core.errors import RunStopped
from core.jobs.events import Epoch, Event
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.checkpoint import Checkpoint, SavedState
from core.training.data_pipeline import DataPipeline
from core.training.device import describe_device
from core.training.expectation import expect_fine_tuning
from core.training.history import History, best_epoch
from core.training.loop import TrainingLoop
from core.training.networks import Networks, prepare
from core.training.plan import Plan, make_plan
from core.training.progress import ProgressReporter, StageProgress
from core.training.recipe import LABELS_FILE, MODEL_FILE, Recipe, resolve_weights_file
from core.training.serving import build_serving, save_model

Status = Literal["finished", "stopped"]


@dataclass(frozen=True)
class TrainingResult:
    """The result of a training.

    Attributes:
        status: `finished`, or `stopped` by a person; either way the best epoch was saved.
        best_epoch: Number of the saved epoch over all phases, from 1.
        history: The epochs.
        seconds: Seconds of each stage: `prepare`, `features`, the phases by name, `save`.
        device: The device that trained.
        model: Path of the exported model.
    """

    status: Status
    best_epoch: int
    history: tuple[Epoch, ...]
    seconds: Mapping[str, float]
    device: str
    model: Path


def train(
    recipe: Recipe,
    manifest: Manifest,
    *,
    originals: OriginalStore,
    settings: Settings,
    emit: Callable[[Event], None],
    should_stop: Callable[[], bool],
    out: Path,
) -> TrainingResult:
    """Train a model and save it; resumes after the last epoch if the folder has a checkpoint of the same run.

    Args:
        recipe: Every choice.
        manifest: The images; those of the test split are not read.
        originals: Store of the image files.
        settings: Location of caches and weights.
        emit: Receives the run's events.
        should_stop: Whether a person asked to stop; called several times a second.
        out: Folder for `model.keras`, `labels.json` and the checkpoint; created if missing.

    Raises:
        DatasetError: No training is possible with these images.
        RecipeError: The choices are impossible, or the training diverged in its first epoch.
        WeightsError: The weights file cannot be used.
        NetworkError: Weights have to be downloaded and cannot.
        ImageError: An image is missing or can no longer be decoded.
        WorkspaceError: The disk is full or not writable.
        RunStopped: A person stopped the run before its first epoch ended.
    """
    manifest.check()
    plan = make_plan(recipe, classes=len(manifest.classes), training_images=len(manifest.rows(TRAIN)))
    checkpoint = Checkpoint(out, recipe, manifest)
    if (finished := _find_finished(checkpoint, out)) is not None:
        return finished
    saved = checkpoint.load()
    reporter = ProgressReporter(emit, saved.seconds if saved else None)
    history = History(plan.phases, recipe.early_stopping, saved.epochs if saved else ())
    _report_start(reporter, plan, saved)
    if saved is None and (expected := expect_fine_tuning(recipe, settings.keras_home)) is not None:
        reporter.message(expected.sentence, "warning")
    with reporter.timed("prepare"):
        networks = _prepare(recipe, plan, manifest, settings, reporter)
    pipeline = DataPipeline(recipe, plan, manifest, originals, settings, reporter, should_stop)
    status: Status = "finished"
    try:
        TrainingLoop(recipe, networks, pipeline, history, checkpoint, reporter, should_stop).run(saved)
    except RunStopped:
        if history.best is None:
            raise
        status = "stopped"
    with reporter.timed("save"):
        _save(recipe, plan, networks, manifest, reporter, out)
    return _finish(status, history, reporter, checkpoint, out)


def _prepare(
    recipe: Recipe, plan: Plan, manifest: Manifest, settings: Settings, reporter: ProgressReporter
) -> Networks:
    reporter.stage("Preparing the network")
    downloads: list[StageProgress] = []

    def on_download(done: int, total: int) -> None:
        if not downloads:
            downloads.append(reporter.stage(f"Downloading the weights of {plan.spec.name}", "bytes"))
        downloads[0](done, total)

    recipe = resolve_weights_file(recipe, settings.workspace)
    return prepare(recipe, plan, classes=len(manifest.classes), keras_home=settings.keras_home, on_download=on_download)


def _save(
    recipe: Recipe, plan: Plan, networks: Networks, manifest: Manifest, reporter: ProgressReporter, out: Path
) -> None:
    reporter.stage("Saving the model")
    model = build_serving(networks.backbone, networks.head, size=plan.input_size, resize=recipe.resize)
    save_model(model, manifest.classes, out)


def _report_start(reporter: ProgressReporter, plan: Plan, saved: SavedState | None) -> None:
    reporter.message(
        f"Training {plan.spec.name} on {describe_device()}: {plan.frozen_parameters:,} parameters stay frozen, "
        f"{plan.trainable_parameters:,} are trained."
    )
    if saved is not None:
        reporter.message(f"Continuing after epoch {len(saved.epochs)} of an earlier start.")


def _finish(
    status: Status, history: History, reporter: ProgressReporter, checkpoint: Checkpoint, out: Path
) -> TrainingResult:
    best = history.best
    assert best is not None, "a run without an epoch is not saved"
    reporter.message(
        f"{'Stopped' if status == 'stopped' else 'Trained'}: epoch {best.epoch} of {len(history.epochs)} is kept, "
        f"with a validation accuracy of {best.val_accuracy:.1%}."
    )
    if status == "finished":
        checkpoint.finish(history, reporter.seconds)
    return _result(status, history.epochs, reporter.seconds, out)


def _find_finished(checkpoint: Checkpoint, out: Path) -> TrainingResult | None:
    """The result of this run if its training finished and its files exist: only the evaluation may have failed."""
    if not ((out / MODEL_FILE).is_file() and (out / LABELS_FILE).is_file()):
        return None
    finished = checkpoint.finished()
    return _result("finished", finished.epochs, finished.seconds, out) if finished is not None else None


def _result(status: Status, epochs: Sequence[Epoch], seconds: Mapping[str, float], out: Path) -> TrainingResult:
    best = best_epoch(epochs)
    assert best is not None, "a run without an epoch is not saved"
    return TrainingResult(status, best.epoch, tuple(epochs), dict(seconds), describe_device(), out / MODEL_FILE)
