"""A whole training: plan, prepare, train, join, save. Worker only: imports Keras."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.dataset.manifest import TRAIN, Manifest
from core.errors import RunStopped
from core.jobs.events import Epoch, Event
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.checkpoint import Checkpoint, Saved
from core.training.device import describe_device
from core.training.history import History, lowest
from core.training.loop import Run
from core.training.networks import Networks, prepare
from core.training.plan import Plan, make_plan
from core.training.progress import ProgressReporter
from core.training.recipe import Recipe
from core.training.serving import LABELS_FILE, MODEL_FILE, build_serving, save_model
from core.training.supply import Supply

Status = Literal["finished", "stopped"]


@dataclass(frozen=True)
class Outcome:
    """What a training came to.

    Attributes:
        status: `finished`, or `stopped` by a person; either way the best epoch was saved.
        best_epoch: Number of the epoch that was kept, over all phases, from 1.
        history: Its epochs.
        seconds: Spent on each stage: `prepare`, `features`, the phases by name, `save`.
        device: What the steps ran on.
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
) -> Outcome:
    """Train a model and save it; where an earlier process began the same, go on after its last epoch.

    Args:
        recipe: Every choice.
        manifest: The images; those of the test split are not looked at.
        originals: Where their files lie.
        settings: Where caches and weights lie.
        emit: Takes the run's events.
        should_stop: Whether a person wants it to end; asked several times a second.
        out: Folder for `model.keras`, `labels.json` and the checkpoint; made if it is not there.

    Raises:
        DatasetError: The images make no training possible.
        RecipeError: The choices are impossible, or the training diverged in its first epoch.
        WeightsError: The weights file cannot be used.
        NetworkError: Weights have to be downloaded and cannot.
        ImageError: An image is gone or cannot be decoded any more.
        WorkspaceError: The disk is full or not writable.
        RunStopped: A person stopped it before its first epoch ended.
    """
    manifest.check()
    plan = make_plan(recipe, classes=len(manifest.classes), training_images=len(manifest.rows(TRAIN)))
    checkpoint = Checkpoint(out, recipe, manifest)
    if (before := _finished_before(checkpoint, out)) is not None:
        return before
    saved = checkpoint.load()
    story = ProgressReporter(emit, saved.seconds if saved else None)
    course = History(plan.phases, recipe.early_stopping, saved.history if saved else ())
    _tell_beginning(story, plan, saved)
    with story.timed("prepare"):
        networks = _prepare(recipe, plan, manifest, settings, story)
    supply = Supply(recipe, plan, manifest, originals, settings, story, should_stop)
    status: Status = "finished"
    try:
        Run(recipe, networks, supply, course, checkpoint, story, should_stop).train(saved)
    except RunStopped:
        if course.best is None:
            raise
        status = "stopped"
    with story.timed("save"):
        _save(recipe, plan, networks, manifest, story, out)
    return _conclude(status, course, story, checkpoint, out)


def _prepare(recipe: Recipe, plan: Plan, manifest: Manifest, settings: Settings, story: ProgressReporter) -> Networks:
    story.progress("Preparing the network")
    downloading: list[Callable[[int, int], None]] = []

    def on_download(done: int, total: int) -> None:
        if not downloading:
            downloading.append(story.progress(f"Downloading the weights of {plan.spec.name}", "bytes"))
        downloading[0](done, total)

    return prepare(recipe, plan, classes=len(manifest.classes), keras_home=settings.keras_home, on_download=on_download)


def _save(
    recipe: Recipe, plan: Plan, networks: Networks, manifest: Manifest, story: ProgressReporter, out: Path
) -> None:
    story.progress("Saving the model")
    model = build_serving(networks.backbone, networks.head, size=plan.input_size, resize=recipe.resize)
    save_model(model, manifest.classes, out)


def _tell_beginning(story: ProgressReporter, plan: Plan, saved: Saved | None) -> None:
    story.say(
        f"Training {plan.spec.name} on {describe_device()}: {plan.frozen_parameters:,} parameters stay frozen, "
        f"{plan.trainable_parameters:,} are trained."
    )
    if saved is not None:
        story.say(f"Continuing after epoch {len(saved.history)} of an earlier start.")


def _conclude(status: Status, course: History, story: ProgressReporter, checkpoint: Checkpoint, out: Path) -> Outcome:
    best = course.best
    assert best is not None, "a run without an epoch was not saved"
    story.say(
        f"{'Stopped' if status == 'stopped' else 'Trained'}: epoch {best.epoch} of {len(course.history)} is kept, "
        f"with a validation accuracy of {best.val_accuracy:.1%}."
    )
    if status == "finished":
        checkpoint.finish(course, story.seconds)
    return _outcome(status, course.history, story.seconds, out)


def _finished_before(checkpoint: Checkpoint, out: Path) -> Outcome | None:
    """The outcome of this very run, if it had finished and its files are there: an evaluation may have failed since."""
    if not ((out / MODEL_FILE).is_file() and (out / LABELS_FILE).is_file()):
        return None
    finished = checkpoint.finished()
    return _outcome("finished", finished.history, finished.seconds, out) if finished is not None else None


def _outcome(status: Status, history: Sequence[Epoch], seconds: Mapping[str, float], out: Path) -> Outcome:
    best = lowest(history)
    assert best is not None, "a run without an epoch was not saved"
    return Outcome(status, best.epoch, tuple(history), dict(seconds), describe_device(), out / MODEL_FILE)
