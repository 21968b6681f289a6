"""The phases of one run, epoch by epoch: which weights are kept, what is told, what is written. Worker only: Keras.

The best epoch is the one with the lowest validation loss over all phases. The fine-tuning phase begins with the best
epoch of the head's, a fresh optimizer and its own learning rate.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

import keras

from core.errors import RecipeError, RunStopped
from core.jobs.events import Batch, Epoch
from core.training.checkpoint import Arrays, Checkpoint, Saved
from core.training.history import History, chance_fall
from core.training.networks import Networks
from core.training.phase import ChunkSize, Images, train_epoch, validate
from core.training.plan import PlannedPhase
from core.training.progress import ProgressReporter
from core.training.recipe import Recipe
from core.training.supply import Supply
from core.training.train_step import TrainStep


class Run:
    """The training of the phases that are left.

    Args:
        recipe: Every choice.
        networks: What is trained.
        supply: Its images.
        course: The epochs so far.
        checkpoint: Where they are kept.
        story: Told everything.
        should_stop: Whether a person wants it to end.
    """

    def __init__(
        self,
        recipe: Recipe,
        networks: Networks,
        supply: Supply,
        course: History,
        checkpoint: Checkpoint,
        story: ProgressReporter,
        should_stop: Callable[[], bool],
    ) -> None:
        self._recipe = recipe
        self._networks = networks
        self._supply = supply
        self._course = course
        self._checkpoint = checkpoint
        self._story = story
        self._should_stop = should_stop
        self._best: Arrays = []

    def train(self, saved: Saved | None) -> None:
        """Train all phases that are not over, and leave the networks with the weights of the best epoch.

        Args:
            saved: What an earlier process left of this run.

        Raises:
            RunStopped: A person asked for it; the weights of the best epoch so far are in place, if there is one.
            RecipeError: The training diverged before its first epoch ended.
        """
        for phase in self._course.phases:
            self._train_phase(phase, saved)
        if self._course.best is None:
            raise RecipeError(
                f"The training diverged: with a learning rate of {self._course.phases[0].learning_rate:g}, the loss "
                "became infinite in the first epoch.",
                "Choose a lower learning rate.",
            )

    def _train_phase(self, phase: PlannedPhase, saved: Saved | None) -> None:
        network = self._networks.trained(phase)
        best = self._course.best
        self._best = _values(network.variables)
        if saved is not None and best is not None and best.phase == phase.name:
            self._best = saved.best
        try:
            if self._course.phase == phase:
                self._train_epochs(phase, network, saved)
        finally:
            _set_values(network.variables, self._best)

    def _train_epochs(self, phase: PlannedPhase, network: keras.Model, saved: Saved | None) -> None:
        train, validation = self._supply.images(self._networks.prefix(phase), whole=phase.reads == "features")
        with self._story.timed(phase.name):
            steps = TrainStep(network, self._recipe.optimizer, phase.learning_rate, self._networks.plan.batch_size)
        if saved is not None and self._course.of_phase(phase):
            _set_values(network.variables, saved.weights)
            _set_values(steps.optimizer.variables, saved.optimizer)
        before = self._course.best
        pace = ChunkSize()
        while self._course.phase == phase:
            with self._story.timed(phase.name):
                epoch = self._train_epoch(phase, steps, train, validation, pace)
            self._story.emit(epoch)
            self._keep(epoch, steps)
            before = self._warn_of_fall(before, epoch, len(validation))
        self._tell_end(phase)

    def _train_epoch(
        self, phase: PlannedPhase, steps: TrainStep, train: Images, validation: Images, pace: ChunkSize
    ) -> Epoch:
        began = time.monotonic()
        plan, number = self._networks.plan, len(self._course.history)

        def on_batches(batch: int, batches: int, loss: float, accuracy: float) -> None:
            self._check_stop()
            self._story.batch(
                Batch(phase=phase.name, epoch=number + 1, batch=batch, batches=batches, loss=loss, accuracy=accuracy)
            )

        loss, accuracy = train_epoch(
            steps,
            train,
            number=number,
            seed=self._recipe.seed,
            batch_size=plan.batch_size,
            pace=pace,
            on_batches=on_batches,
        )
        classes = steps.network.output.shape[-1]
        scores = validate(steps, validation, classes=classes, on_batch=self._check_stop)
        return Epoch(
            phase=phase.name,
            epoch=number + 1,
            epochs=self._course.planned,
            loss=loss,
            accuracy=accuracy,
            val_loss=scores.loss,
            val_accuracy=scores.accuracy,
            confusion=tuple(map(tuple, scores.confusion.tolist())),
            learning_rate=phase.learning_rate,
            seconds=time.monotonic() - began,
            best=self._course.is_better(scores.loss),
        )

    def _keep(self, epoch: Epoch, steps: TrainStep) -> None:
        weights = _values(steps.network.variables)
        if epoch.best:
            self._best = weights
        self._course.history.append(epoch)
        self._checkpoint.save(
            self._course, self._story.seconds, weights, _values(steps.optimizer.variables), self._best
        )

    def _check_stop(self) -> None:
        if self._should_stop():
            raise RunStopped("The run was stopped before its first epoch ended, so there is no model to keep.")

    def _warn_of_fall(self, before: Epoch | None, epoch: Epoch, images: int) -> Epoch | None:
        """Warn once if unfreezing made the validation accuracy worse than chance explains."""
        if before is None or epoch.phase != "fine-tune":
            return before
        if before.val_accuracy - epoch.val_accuracy <= chance_fall(before.val_accuracy, images):
            return before
        self._story.say(
            f"The validation accuracy fell from {before.val_accuracy:.1%} to {epoch.val_accuracy:.1%} after "
            f"unfreezing; the best epoch so far is kept. A learning rate lower than {epoch.learning_rate:g} may help.",
            "warning",
        )
        return None

    def _tell_end(self, phase: PlannedPhase) -> None:
        last, best = self._course.history[-1], self._course.best
        if best is None:
            return
        if self._course.diverged(phase):
            self._story.say(
                f"The loss became infinite in epoch {last.epoch}, so the phase ended and epoch {best.epoch} is kept. "
                f"A learning rate lower than {phase.learning_rate:g} may help.",
                "warning",
            )
        elif self._course.ended_early(phase):
            self._story.say(
                f"The validation loss has not become lower for {self._recipe.early_stopping} epochs, so the phase "
                f"ended after epoch {last.epoch}."
            )
        if phase.name == "fine-tune" and best.phase != phase.name:
            self._story.say(f"Fine-tuning did not lower the validation loss: epoch {best.epoch}, before it, is kept.")


def _values(variables: Iterable[Any]) -> Arrays:
    return [variable.numpy() for variable in variables]


def _set_values(variables: Iterable[Any], values: Arrays) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
