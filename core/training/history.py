"""The course of a run: which phase is on, which epoch is the best, when enough is enough. Free of frameworks.

All of it follows from the plan and the epochs so far, so that a run that was killed knows where it was from these
alone.
"""

import math
from collections.abc import Iterable, Sequence

from core.jobs.events import Epoch
from core.training.plan import PlannedPhase


class History:
    """The epochs of a run so far.

    Args:
        phases: The phases planned.
        patience: Epochs without a better validation loss before a phase ends; None for never.
        history: Epochs that an earlier process trained.
    """

    def __init__(self, phases: Sequence[PlannedPhase], patience: int | None, history: Iterable[Epoch] = ()) -> None:
        self.phases = tuple(phases)
        self.history: list[Epoch] = list(history)
        self._patience = patience

    @property
    def phase(self) -> PlannedPhase | None:
        """The phase that the next epoch belongs to; None when the run is over."""
        return next((phase for phase in self.phases if not self._is_over(phase)), None)

    @property
    def planned(self) -> int:
        """Epochs of all phases, at the most."""
        return sum(phase.epochs for phase in self.phases)

    @property
    def best(self) -> Epoch | None:
        """The epoch with the lowest validation loss over all phases; None before there is one."""
        return lowest(self.history)

    def of_phase(self, phase: PlannedPhase) -> list[Epoch]:
        """The epochs of a phase so far."""
        return [epoch for epoch in self.history if epoch.phase == phase.name]

    def is_better(self, val_loss: float) -> bool:
        """Whether an epoch with this validation loss would be the best over all phases."""
        return math.isfinite(val_loss) and (self.best is None or val_loss < self.best.val_loss)

    def ended_early(self, phase: PlannedPhase) -> bool:
        """Whether a phase is over before its last planned epoch."""
        return self._is_over(phase) and len(self.of_phase(phase)) < phase.epochs

    def diverged(self, phase: PlannedPhase) -> bool:
        """Whether a phase came to a loss that is no number any more."""
        epochs = self.of_phase(phase)
        return bool(epochs) and not (math.isfinite(epochs[-1].loss) and math.isfinite(epochs[-1].val_loss))

    def _is_over(self, phase: PlannedPhase) -> bool:
        epochs = self.of_phase(phase)
        if len(epochs) >= phase.epochs or self.diverged(phase):
            return True
        if self._patience is None or (best := lowest(epochs)) is None:
            return False
        return epochs[-1].epoch - best.epoch >= self._patience


def lowest(epochs: Iterable[Epoch]) -> Epoch | None:
    """The first of the epochs with the lowest validation loss that is a number."""
    finite = [epoch for epoch in epochs if math.isfinite(epoch.val_loss)]
    return min(finite, key=lambda epoch: epoch.val_loss, default=None)


def chance_fall(before: float, images: int) -> float:
    """How far an accuracy may fall by chance: one standard error, or one image where that is more.

    Args:
        before: The accuracy, 0 to 1.
        images: Images it was measured on.
    """
    return max(math.sqrt(before * (1 - before) / images), 1 / images)
