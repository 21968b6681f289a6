"""Measures what transfer learning brings to the same network on the same split.

Source: Torrey and Shavlik, Transfer learning (Handbook of Research on Machine Learning Applications, 2010), names three
ways: a higher start, a higher slope (fewer epochs to the same accuracy) and a higher asymptote.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.jobs.events import Epoch


@dataclass(frozen=True)
class LearningCurve:
    """The validation accuracies of one training, in three numbers.

    Attributes:
        start: Accuracy after the first epoch.
        best: Highest accuracy.
        epochs_to_match: First epoch at least as accurate as the best of the weaker training.
    """

    start: float
    best: float
    epochs_to_match: int


@dataclass(frozen=True)
class TransferBenefit:
    """The learning curves of both trainings.

    Attributes:
        transfer: From pretrained weights.
        scratch: From random weights.
        matched: Best validation accuracy of the weaker training, the target of `epochs_to_match`.
    """

    transfer: LearningCurve
    scratch: LearningCurve
    matched: float

    @property
    def higher_start(self) -> bool:
        """Whether transfer started better."""
        return self.transfer.start > self.scratch.start

    @property
    def higher_slope(self) -> bool:
        """Whether transfer needed fewer epochs to the same accuracy."""
        return self.transfer.epochs_to_match < self.scratch.epochs_to_match

    @property
    def higher_asymptote(self) -> bool:
        """Whether transfer ended better."""
        return self.transfer.best > self.scratch.best


def measure_benefit(transfer: Sequence[Epoch], scratch: Sequence[Epoch]) -> TransferBenefit:
    """Compare two trainings of one network.

    Args:
        transfer: Epochs from pretrained weights; at least one, in order.
        scratch: Epochs from random weights; at least one, in order.
    """
    matched = min(_best(transfer), _best(scratch))
    return TransferBenefit(_curve(transfer, matched), _curve(scratch, matched), matched)


def _best(epochs: Sequence[Epoch]) -> float:
    return max(epoch.val_accuracy for epoch in epochs)


def _curve(epochs: Sequence[Epoch], matched: float) -> LearningCurve:
    reached = next(epoch.epoch for epoch in epochs if epoch.val_accuracy >= matched)
    return LearningCurve(epochs[0].val_accuracy, _best(epochs), reached)
