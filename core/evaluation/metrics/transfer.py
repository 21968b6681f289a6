"""What transfer brings to the same network on the same split, in the three ways of its classic picture.

Source: Torrey and Shavlik, Transfer learning (Handbook of Research on Machine Learning Applications, 2010): a higher
start, a higher slope (less time to learn the task as well), and a higher asymptote.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.jobs.events import Epoch


@dataclass(frozen=True)
class Course:
    """One of the two trainings, in validation accuracies.

    Attributes:
        start: After the first epoch.
        best: The highest.
        epochs_to_match: The first epoch that was as good as the best of the weaker training.
    """

    start: float
    best: float
    epochs_to_match: int


@dataclass(frozen=True)
class Benefit:
    """Both trainings, and what they are compared by.

    Attributes:
        transfer: With what the network had learned before.
        scratch: From random weights.
        matched: The best validation accuracy of the weaker training, which both are timed to.
    """

    transfer: Course
    scratch: Course
    matched: float

    @property
    def higher_start(self) -> bool:
        """Whether transfer began better."""
        return self.transfer.start > self.scratch.start

    @property
    def higher_slope(self) -> bool:
        """Whether transfer needed fewer epochs to become as good."""
        return self.transfer.epochs_to_match < self.scratch.epochs_to_match

    @property
    def higher_asymptote(self) -> bool:
        """Whether transfer ended better."""
        return self.transfer.best > self.scratch.best


def measure_benefit(transfer: Sequence[Epoch], scratch: Sequence[Epoch]) -> Benefit:
    """Compare two trainings of one network.

    Args:
        transfer: Epochs with what it had learned before; at least one, in order.
        scratch: Epochs from random weights; likewise.
    """
    matched = min(_best(transfer), _best(scratch))
    return Benefit(_course(transfer, matched), _course(scratch, matched), matched)


def _best(epochs: Sequence[Epoch]) -> float:
    return max(epoch.val_accuracy for epoch in epochs)


def _course(epochs: Sequence[Epoch], matched: float) -> Course:
    reached = next(epoch.epoch for epoch in epochs if epoch.val_accuracy >= matched)
    return Course(epochs[0].val_accuracy, _best(epochs), reached)
