"""The history of a run: its epochs, the current phase, the best epoch and early stopping. Free of frameworks.

Everything follows from the plan and the epochs so far, so a killed run resumes from these alone.
"""

import math
from collections.abc import Iterable, Sequence

from core.jobs.events import Epoch
from core.training.plan import PlannedPhase


class History:
    """The epochs of a run so far.

    Args:
        phases: The planned phases.
        patience: Epochs without a lower validation loss before a phase ends; None never ends a phase early.
        epochs: Epochs that an earlier process trained.
    """

    def __init__(self, phases: Sequence[PlannedPhase], patience: int | None, epochs: Iterable[Epoch] = ()) -> None:
        self.phases = tuple(phases)
        self.epochs: list[Epoch] = list(epochs)
        self._patience = patience

    @property
    def current_phase(self) -> PlannedPhase | None:
        """The phase of the next epoch; None when the run is over."""
        return next((phase for phase in self.phases if not self._is_over(phase)), None)

    @property
    def planned_epochs(self) -> int:
        """The largest number of epochs over all phases."""
        return sum(phase.epochs for phase in self.phases)

    @property
    def best(self) -> Epoch | None:
        """The epoch with the lowest validation loss over all phases; None before the first finite one."""
        return best_epoch(self.epochs)

    def epochs_of(self, phase: PlannedPhase) -> list[Epoch]:
        """The epochs of one phase so far."""
        return [epoch for epoch in self.epochs if epoch.phase == phase.name]

    def next_phase(self, phase: PlannedPhase) -> PlannedPhase | None:
        """The phase that is planned after another; None after the last."""
        following = self.phases[self.phases.index(phase) + 1 :]
        return following[0] if following else None

    def is_better(self, val_loss: float) -> bool:
        """Whether an epoch with this validation loss would be the best over all phases."""
        return math.isfinite(val_loss) and (self.best is None or val_loss < self.best.val_loss)

    def ended_early(self, phase: PlannedPhase) -> bool:
        """Whether a phase ended before its last planned epoch."""
        return self._is_over(phase) and len(self.epochs_of(phase)) < phase.epochs

    def diverged(self, phase: PlannedPhase) -> bool:
        """Whether the last loss of a phase is not finite."""
        epochs = self.epochs_of(phase)
        return bool(epochs) and not (math.isfinite(epochs[-1].loss) and math.isfinite(epochs[-1].val_loss))

    def _is_over(self, phase: PlannedPhase) -> bool:
        epochs = self.epochs_of(phase)
        if len(epochs) >= phase.epochs or self.diverged(phase):
            return True
        if self._patience is None or (best := best_epoch(epochs)) is None:
            return False
        return epochs[-1].epoch - best.epoch >= self._patience


def best_epoch(epochs: Iterable[Epoch]) -> Epoch | None:
    """The first epoch with the lowest finite validation loss."""
    finite = [epoch for epoch in epochs if math.isfinite(epoch.val_loss)]
    return min(finite, key=lambda epoch: epoch.val_loss, default=None)


def chance_fall(before: float, images: int) -> float:
    """How far an accuracy may fall by chance: one standard error, or one image if that is more.

    Args:
        before: The accuracy before, 0 to 1.
        images: Number of images that it was measured on.
    """
    return max(math.sqrt(before * (1 - before) / images), 1 / images)
