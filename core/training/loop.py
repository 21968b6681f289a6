"""The training loop: phases, epochs, validation, and which weights are kept. Worker only: imports Keras.

The best epoch is the one with the lowest validation loss over all phases. Fine-tuning starts from the best epoch of
the head's phase, with a new optimizer and its own learning rate. What a step computes is decided in
`core.training.train_step`, where the inputs come from in `core.training.data_pipeline`, when a phase ends in
`core.training.history`.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from core.errors import RecipeError, RunStopped
from core.jobs.events import Batch, Epoch
from core.training.checkpoint import Arrays, Checkpoint, SavedState
from core.training.data_pipeline import DataPipeline, SplitData
from core.training.history import History, chance_fall
from core.training.networks import Networks
from core.training.plan import PlannedPhase
from core.training.progress import PhaseEstimate, ProgressReporter
from core.training.recipe import Recipe
from core.training.train_step import ZERO, ChunkSize, TrainStep

# Validation images per call: pooled features are small; feature maps and pixels need much memory in the layers above.
FEATURES_PER_CALL: Final = 4096
MAPS_PER_CALL: Final = 32
FEATURES_RANK: Final = 2

# Receives batches done, batches of the epoch, mean loss and accuracy so far.
BatchProgress = Callable[[int, int, float, float], None]


@dataclass(frozen=True)
class ValidationScores:
    """Metrics of a network on the validation images.

    Attributes:
        loss: Mean cross-entropy in nats.
        accuracy: Share of the images predicted as labelled.
        confusion: (n_classes, n_classes) counts, rows true, columns predicted.
    """

    loss: float
    accuracy: float
    confusion: NDArray[np.int64]


class TrainingLoop:
    """Trains the remaining phases of a run.

    Args:
        recipe: Every choice.
        networks: The networks to train.
        pipeline: Loads the images.
        history: The epochs so far.
        checkpoint: Stores the state after each epoch.
        reporter: Receives epochs, batches and messages.
        should_stop: Whether a person asked to stop.
    """

    def __init__(
        self,
        recipe: Recipe,
        networks: Networks,
        pipeline: DataPipeline,
        history: History,
        checkpoint: Checkpoint,
        reporter: ProgressReporter,
        should_stop: Callable[[], bool],
    ) -> None:
        self._recipe = recipe
        self._networks = networks
        self._pipeline = pipeline
        self._history = history
        self._checkpoint = checkpoint
        self._reporter = reporter
        self._should_stop = should_stop
        self._best_weights: Arrays = []

    def run(self, saved: SavedState | None) -> None:
        """Train all phases that are not over, and leave the networks with the weights of the best epoch.

        Args:
            saved: State of this run that an earlier process saved.

        Raises:
            RunStopped: A person asked to stop; the networks have the weights of the best epoch, if there is one.
            RecipeError: The training diverged in its first epoch.
        """
        for phase in self._history.phases:
            self._train_phase(phase, saved)
        if self._history.best is None:
            raise RecipeError(
                f"The training diverged: with a learning rate of {self._history.phases[0].learning_rate:g}, the loss "
                "became infinite in the first epoch.",
                "Choose a lower learning rate.",
            )

    def _train_phase(self, phase: PlannedPhase, saved: SavedState | None) -> None:
        network = self._networks.trained(phase)
        best = self._history.best
        self._best_weights = _get_values(network.variables)
        if saved is not None and best is not None and best.phase == phase.name:
            self._best_weights = saved.best_weights
        try:
            if self._history.current_phase == phase:
                self._train_epochs(phase, network, saved)
        finally:
            _set_values(network.variables, self._best_weights)

    def _train_epochs(self, phase: PlannedPhase, network: keras.Model, saved: SavedState | None) -> None:
        prefix = self._networks.prefix(phase)
        train, validation = self._pipeline.load(prefix, records_speed=phase.reads == "features")
        with self._reporter.timed(phase.name):
            step = TrainStep(network, self._recipe.optimizer, phase.learning_rate, self._networks.plan.batch_size)
        if saved is not None and self._history.epochs_of(phase):
            _set_values(network.variables, saved.weights)
            _set_values(step.optimizer.variables, saved.optimizer)
        before = self._history.best
        chunk_size = ChunkSize()
        trained = self._history.epochs_of(phase)
        estimate = PhaseEstimate(phase.epochs - len(trained), [epoch.seconds for epoch in trained])
        while self._history.current_phase == phase:
            with self._reporter.timed(phase.name):
                epoch = self._train_epoch(phase, step, train, validation, chunk_size, estimate)
            self._reporter.emit(epoch)
            self._save(epoch, step)
            before = self._warn_of_fall(before, epoch, len(validation))
        self._report_end(phase)

    def _train_epoch(
        self,
        phase: PlannedPhase,
        step: TrainStep,
        train: SplitData,
        validation: SplitData,
        chunk_size: ChunkSize,
        estimate: PhaseEstimate,
    ) -> Epoch:
        began = time.monotonic()
        number = len(self._history.epochs)

        def on_batches(batch: int, batches: int, loss: float, accuracy: float) -> None:
            self._check_stop()
            self._reporter.batch(
                Batch(
                    phase=phase.name,
                    epoch=number + 1,
                    batch=batch,
                    batches=batches,
                    loss=loss,
                    accuracy=accuracy,
                    seconds_left=estimate.after_batches(batch / batches),
                )
            )

        loss, accuracy = train_epoch(
            step,
            train,
            number=number,
            seed=self._recipe.seed,
            batch_size=self._networks.plan.batch_size,
            chunk_size=chunk_size,
            on_batches=on_batches,
        )
        classes = step.network.output.shape[-1]
        scores = validate(step, validation, classes=classes, on_batch=self._check_stop)
        seconds = time.monotonic() - began
        following = self._history.next_phase(phase)
        return Epoch(
            phase=phase.name,
            epoch=number + 1,
            epochs=self._history.planned_epochs,
            loss=loss,
            accuracy=accuracy,
            val_loss=scores.loss,
            val_accuracy=scores.accuracy,
            confusion=tuple(map(tuple, scores.confusion.tolist())),
            learning_rate=phase.learning_rate,
            seconds=seconds,
            best=self._history.is_better(scores.loss),
            seconds_left=estimate.after_epoch(seconds),
            next_phase=following.name if following else "",
        )

    def _save(self, epoch: Epoch, step: TrainStep) -> None:
        weights = _get_values(step.network.variables)
        if epoch.best:
            self._best_weights = weights
        self._history.epochs.append(epoch)
        optimizer = _get_values(step.optimizer.variables)
        self._checkpoint.save(self._history, self._reporter.seconds, weights, optimizer, self._best_weights)

    def _check_stop(self) -> None:
        if self._should_stop():
            raise RunStopped("The run was stopped before its first epoch ended, so there is no model to keep.")

    def _warn_of_fall(self, before: Epoch | None, epoch: Epoch, images: int) -> Epoch | None:
        """Warn once if unfreezing lowered the validation accuracy by more than chance explains."""
        if before is None or epoch.phase != "fine-tune":
            return before
        if before.val_accuracy - epoch.val_accuracy <= chance_fall(before.val_accuracy, images):
            return before
        self._reporter.message(
            f"The validation accuracy fell from {before.val_accuracy:.1%} to {epoch.val_accuracy:.1%} after "
            f"unfreezing; the best epoch so far is kept. A learning rate lower than {epoch.learning_rate:g} may help.",
            "warning",
        )
        return None

    def _report_end(self, phase: PlannedPhase) -> None:
        last, best = self._history.epochs[-1], self._history.best
        if best is None:
            return
        if self._history.diverged(phase):
            self._reporter.message(
                f"The loss became infinite in epoch {last.epoch}, so the phase ended and epoch {best.epoch} is kept. "
                f"A learning rate lower than {phase.learning_rate:g} may help.",
                "warning",
            )
        elif self._history.ended_early(phase):
            self._reporter.message(
                f"The validation loss has not become lower for {self._recipe.early_stopping} epochs, so the phase "
                f"ended after epoch {last.epoch}."
            )
        if phase.name == "fine-tune" and best.phase != phase.name:
            self._reporter.message(
                f"Fine-tuning did not lower the validation loss: epoch {best.epoch}, before it, is kept."
            )


def train_epoch(
    step: TrainStep,
    data: SplitData,
    *,
    number: int,
    seed: int,
    batch_size: int,
    chunk_size: ChunkSize,
    on_batches: BatchProgress,
) -> tuple[float, float]:
    """Train on all images once, in an order that follows from the seed and the number of the epoch.

    Args:
        step: The training steps of the network.
        data: The train split.
        number: Number of the epoch over all phases, from 0; it also selects the variation of each image.
        seed: Of the order.
        batch_size: Images per step.
        chunk_size: Adapts the number of batches per call.
        on_batches: Receives the progress; may raise to stop.

    Returns:
        Mean loss and accuracy over the epoch, each batch measured before its step changed the weights.
    """
    order = np.random.default_rng((seed, number)).permutation(len(data))
    done, totals = 0, ZERO
    batches = -(-len(order) // batch_size)
    chunks = data.loader.chunks(order, epoch=number, batch_size=batch_size, batches=lambda: chunk_size.batches)
    for inputs in chunks:
        rows = order[done : done + len(inputs[0])]
        began = time.perf_counter()
        totals = step.train(inputs, data.labels[rows], data.weights[rows], totals)
        chunk_size.update(time.perf_counter() - began)
        done += len(rows)
        on_batches(-(-done // batch_size), batches, totals.loss / done, totals.correct / done)
    return totals.loss / done, totals.correct / done


def validate(step: TrainStep, data: SplitData, *, classes: int, on_batch: Callable[[], None]) -> ValidationScores:
    """Measure the network on the validation images, in inference mode.

    Args:
        step: The training steps of the network.
        data: The validation split.
        classes: Number of classes.
        on_batch: Called after each batch; may raise to stop.
    """
    loss, done = 0.0, 0
    confusion = np.zeros((classes, classes), np.int64)
    rows = np.arange(len(data))
    batch_size = FEATURES_PER_CALL if len(step.network.inputs[0].shape) == FEATURES_RANK else MAPS_PER_CALL
    for inputs in data.loader.chunks(rows, epoch=0, batch_size=batch_size, batches=lambda: 1):
        logits = step.logits(inputs).astype(np.float64)
        labels = data.labels[done : done + len(logits)]
        np.add.at(confusion, (labels, logits.argmax(axis=1)), 1)
        loss += float(np.sum(_cross_entropy(logits, labels)))
        done += len(logits)
        on_batch()
    return ValidationScores(loss / done, float(np.trace(confusion)) / done, confusion)


def _cross_entropy(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):  # of a diverged network, the loss is NaN and ends the phase
        highest = logits.max(axis=1, keepdims=True)
        log_sum = highest[:, 0] + np.log(np.exp(logits - highest).sum(axis=1))
        losses: NDArray[np.float64] = log_sum - logits[np.arange(len(labels)), labels]
    return losses


def _get_values(variables: Iterable[Any]) -> Arrays:
    return [variable.numpy() for variable in variables]


def _set_values(variables: Iterable[Any], values: Arrays) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
