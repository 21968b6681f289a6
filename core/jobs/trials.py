"""Short trainings on folds of a person's images, and what every measurement uses. Worker only: imports Keras."""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from core.advice.changes import with_freezing
from core.advice.measurements import MeasurementStore
from core.advice.outcomes import FOLDS, Outcomes, join_folds
from core.checks.dataset import Dataset
from core.checks.probe import assign_folds
from core.dataset.manifest import TEST, TRAIN, VALIDATION, Manifest
from core.errors import RunStopped
from core.jobs.events import Event
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.checkpoint import Checkpoint
from core.training.data_pipeline import DataPipeline
from core.training.history import History
from core.training.loop import TrainingLoop
from core.training.networks import Networks, prepare
from core.training.plan import Plan, make_plan
from core.training.progress import ProgressReporter
from core.training.recipe import Augmentation, Recipe, resolve_weights_file
from core.training.train_step import TrainStep

DIVERGED: Final = 4.0
"""A range test ends when the loss is so many times as large as at its start."""
TRIAL_EPOCHS: Final = 5
"""Largest number of epochs of a trial's fine-tuning."""

Ints = NDArray[np.int64]


class ProgressSource(Protocol):
    """Begins a stage of the progress."""

    def __call__(self, name: str, unit: str = "") -> Callable[[int, int], None]:
        """Give the function that receives the units done and the total."""


@dataclass(frozen=True)
class MeasurementContext:
    """What a measurement uses.

    Attributes:
        settings: Where caches and weights are.
        originals: The image files.
        progress: Begins a stage of the progress.
        report: Receives sentences for the log.
        should_stop: Whether a person asked to stop.
    """

    settings: Settings
    originals: OriginalStore
    progress: ProgressSource
    report: Callable[[str], None] = lambda _sentence: None
    should_stop: Callable[[], bool] = lambda: False

    @property
    def store(self) -> MeasurementStore:
        """Where measurements are kept."""
        return MeasurementStore(self.settings.cache / "advice")

    def check_stop(self) -> None:
        """Stop if a person asked to.

        Raises:
            RunStopped: A person did.
        """
        if self.should_stop():
            raise RunStopped("Stopped while it was measured.", "What was measured is kept; measure again to go on.")


def pool_key(pool: Dataset) -> list[object]:
    """Everything about the images that decides how they are divided into folds and what is learned from them."""
    return [list(pool.digests), pool.labels.tolist(), pool.group_ids.tolist()]


def prepare_networks(context: MeasurementContext, recipe: Recipe, plan: Plan, classes: int) -> Networks:
    """Build the networks of a plan, with the progress of a download.

    Raises:
        NetworkError: The weights are not here and could not be downloaded.
        WeightsError: The weights cannot be used.
    """
    return prepare(
        resolve_weights_file(recipe, context.settings.workspace),
        plan,
        classes=classes,
        keras_home=context.settings.keras_home,
        on_download=context.progress(f"Preparing {plan.spec.name}", "bytes"),
    )


class FoldTrainings:
    """Real trainings of any recipe of one network, each with one fold of the train and validation images held out.

    Args:
        context: What a measurement uses.
        dataset: Labelled images of all splits.
        fingerprint: Of the network.
        seed: Of the folds.
    """

    def __init__(self, context: MeasurementContext, dataset: Dataset, fingerprint: str, seed: int) -> None:
        self._context = context
        self._dataset = dataset
        self._pool = np.flatnonzero(dataset.splits != TEST)
        pool = dataset.select(self._pool)
        self.key = [fingerprint, pool_key(pool), seed]
        self._folds = assign_folds(pool.labels, pool.group_ids, FOLDS, seed)
        everything = set(pool.labels.tolist())
        self.folds = [
            fold
            for fold in range(int(self._folds.max(initial=-1)) + 1)
            if set(pool.labels[self._folds != fold].tolist()) == everything
        ]
        """Numbers of the folds; without those that have all images of a class, which no training could learn."""

    def find(self, recipe: Recipe, fold: int) -> Outcomes | None:
        """Read what a training predicted of its held-out fold; None if there was no such training."""
        return self._context.store.find(self._key_of(recipe, fold))

    def train(self, recipe: Recipe, fold: int, emit: Callable[[Event], None], deadline: float) -> Outcomes | None:
        """Train with a fold held out, and keep what it predicted of it.

        Args:
            recipe: Every choice.
            fold: Number of the fold.
            emit: Receives the events of the training.
            deadline: Time of the monotonic clock at which it ends without a result.

        Returns:
            None if it was not done in time.

        Raises:
            RunStopped: A person asked to stop.
            RecipeError: It diverged in its first epoch.
        """
        began, manifest = time.monotonic(), self.manifest(fold)
        manifest.check()
        held_out = np.flatnonzero(self._folds == fold)
        asked_to_stop = self._context.should_stop
        timed = replace(self._context, should_stop=lambda: asked_to_stop() or time.monotonic() > deadline)
        try:
            predicted = train_and_predict(timed, recipe, manifest, emit)
        except RunStopped:
            if asked_to_stop() or time.monotonic() <= deadline:
                raise
            return None
        correct = np.full((1, len(self._pool)), np.nan)
        correct[0, held_out] = predicted == self._dataset.labels[self._pool[held_out]]
        folds = np.where(self._folds == fold, fold, -1)[np.newaxis]
        outcomes = Outcomes(correct, folds, time.monotonic() - began)
        self._context.store.keep(self._key_of(recipe, fold), outcomes)
        return outcomes

    def manifest(self, fold: int) -> Manifest:
        """The images with one fold as the validation split; those of the test split are never read."""
        dataset, splits = self._dataset, np.full(len(self._dataset), TEST, np.int8)
        splits[self._pool] = np.where(self._folds == fold, VALIDATION, TRAIN)
        return Manifest(dataset.classes, dataset.digests, dataset.labels, splits, dataset.names)

    def _key_of(self, recipe: Recipe, fold: int) -> list[object]:
        return ["trial", *self.key, recipe.model_dump(mode="json"), fold]


def try_cuts(
    trainings: FoldTrainings,
    context: MeasurementContext,
    recipe: Recipe,
    cuts: Sequence[str],
    budget: float,
    stage: str = "Trying cuts on your images",
) -> dict[str, Outcomes]:
    """Train briefly at all cuts with the first fold held out, then with the second, until the time is up.

    Args:
        trainings: On the folds of the images.
        context: What a measurement uses.
        recipe: Of the trainings, except for what is frozen.
        cuts: Names of cuts.
        budget: Time for new trainings, in seconds.
        stage: Name of the stage of the progress.

    Returns:
        Outcomes by cut; what was measured before is included.
    """
    began, short = time.monotonic(), _shorten(recipe)
    found: dict[str, list[Outcomes]] = {cut: [] for cut in cuts}
    progress = context.progress(stage, "seconds") if budget else None

    def on_event(_event: Event | None = None) -> None:
        if progress is not None:
            progress(round(min(time.monotonic() - began, budget)), round(budget))

    durations: dict[str, float] = {}
    for fold in trainings.folds:
        for cut in cuts:
            frozen = with_freezing(short, cut, short.backbone.weights)
            outcome = trainings.find(frozen, fold)
            if outcome is None:
                expected = durations.get(cut, max(durations.values(), default=0.0))
                if time.monotonic() - began + expected > budget:
                    continue
                try:
                    outcome = trainings.train(frozen, fold, on_event, began + budget)
                except RunStopped:
                    return _joined(found)
                if outcome is None:
                    continue
            durations[cut] = outcome.seconds
            found[cut].append(outcome)
            on_event()
    return _joined(found)


def train_and_predict(
    context: MeasurementContext,
    recipe: Recipe,
    manifest: Manifest,
    emit: Callable[[Event], None],
    other: Manifest | None = None,
) -> Ints:
    """Train a recipe and give the predicted class of each validation image, at the epoch with the lowest loss.

    Args:
        context: What a measurement uses.
        recipe: Every choice.
        manifest: The images; those of its test split are not read.
        emit: Receives the events of the training.
        other: A manifest whose validation images are predicted instead, after the training.

    Raises:
        RunStopped: A person asked to stop.
        RecipeError: The training diverged in its first epoch.
    """
    plan, networks, pipeline = _train(context, recipe, manifest, emit)
    phase = plan.phases[-1]
    network = networks.trained(phase)
    if other is not None:
        pipeline = replace(pipeline, manifest=other)
    _, validation = pipeline.load(networks.prefix(phase))
    rows = np.arange(len(validation))
    chunks = validation.loader.chunks(rows, epoch=0, batch_size=plan.batch_size, batches=lambda: 1)
    logits = []
    for inputs in chunks:
        tensors = [keras.ops.cast(values, "float32") for values in inputs]
        logits.append(keras.ops.convert_to_numpy(network(tensors if len(tensors) > 1 else tensors[0], training=False)))
    return np.asarray(np.concatenate(logits).argmax(axis=1), np.int64)


@dataclass(frozen=True)
class RateRange:
    """What a range test measured.

    Attributes:
        rates: (steps,) learning rates, ascending.
        losses: (steps,) loss of the batch before each step, in nats.
        seconds_per_image: Time of a step, divided by the images of its batch.
        seconds: Time of the whole test.
    """

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    seconds_per_image: float
    seconds: float


def range_test(
    context: MeasurementContext,
    recipe: Recipe,
    manifest: Manifest,
    rates: NDArray[np.float64],
    emit: Callable[[Event], None],
) -> RateRange:
    """Train the head of a recipe, then raise the learning rate of its fine-tuning from step to step.

    Args:
        context: What a measurement uses.
        recipe: Of partial or full fine-tuning.
        manifest: The images; those of its validation and test splits are not learned from.
        rates: (steps,) learning rates, ascending.
        emit: Receives the events of the training.

    Raises:
        RunStopped: A person asked to stop.
        RecipeError: The training of the head diverged in its first epoch.
    """
    began = time.monotonic()
    plan, networks, pipeline = _train(context, recipe, manifest, emit, most_phases=1)
    phase = plan.phases[-1]
    train, _validation = pipeline.load(networks.prefix(phase))
    step = TrainStep(networks.trained(phase), recipe.optimizer, rates[0], plan.batch_size)
    order = np.random.default_rng(recipe.seed).permutation(len(train))
    rows = np.resize(order, len(rates) * plan.batch_size)
    chunks = train.loader.chunks(rows, epoch=0, batch_size=plan.batch_size, batches=lambda: 1)
    losses, times = np.full(len(rates), np.inf), []
    for number, inputs in enumerate(chunks):
        context.check_stop()
        chosen = rows[number * plan.batch_size : (number + 1) * plan.batch_size]
        step.optimizer.learning_rate = rates[number]
        started = time.monotonic()
        totals = step.train(inputs, train.labels[chosen], train.weights[chosen])
        times.append(time.monotonic() - started)
        losses[number] = totals.loss / len(chosen)
        if not losses[number] < DIVERGED * losses[0] + 1:
            break
    # The first step builds the graph.
    per_image = float(np.median(times[1:] or times)) / plan.batch_size
    return RateRange(rates, losses, per_image, time.monotonic() - began)


def _train(
    context: MeasurementContext,
    recipe: Recipe,
    manifest: Manifest,
    emit: Callable[[Event], None],
    most_phases: int | None = None,
) -> tuple[Plan, Networks, DataPipeline]:
    """Train the first phases of a recipe, all unless their number is given."""
    classes = len(manifest.classes)
    plan = make_plan(recipe, classes=classes, training_images=len(manifest.rows(TRAIN)))
    networks = prepare_networks(context, recipe, plan, classes)
    reporter = ProgressReporter(emit)
    pipeline = DataPipeline(recipe, plan, manifest, context.originals, context.settings, reporter, context.should_stop)
    history = History(plan.phases[:most_phases], recipe.early_stopping)
    context.settings.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="trial-", dir=context.settings.cache) as folder:
        checkpoint = Checkpoint(Path(folder), recipe, manifest)
        TrainingLoop(recipe, networks, pipeline, history, checkpoint, reporter, context.should_stop).run(None)
    return plan, networks, pipeline


def _shorten(recipe: Recipe) -> Recipe:
    """The recipe without variations of the images, and with few epochs of fine-tuning."""
    epochs = min(recipe.fine_tune_phase.epochs, TRIAL_EPOCHS)
    phase = recipe.fine_tune_phase.model_copy(update={"epochs": epochs})
    return recipe.model_copy(update={"augmentation": Augmentation(), "fine_tune_phase": phase})


def _joined(found: Mapping[str, Sequence[Outcomes]]) -> dict[str, Outcomes]:
    """Join the outcomes of several folds, cut by cut; cuts without any are left out."""
    return {cut: join_folds(parts) for cut, parts in found.items() if parts}
