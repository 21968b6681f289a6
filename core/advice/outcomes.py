"""Which images a head predicts correctly when it has not seen them, and how sure the share of them is.

Shares come from repeated k-fold cross-validation with whole split groups. They are uncertain for two reasons: which
images are there, and which of them a head learned from. An interval here is the wider one of two:

- Over images: Wilson's, with the effective number of images of `core.advice.estimate`. It knows nothing of training.
- Over folds: Student's, with the variance of the folds' accuracies times (1 / J + n_test / n_train) for J folds in all,
  because folds share most of their training images (Nadeau and Bengio, "Inference for the generalization error",
  Machine Learning 52, 2003; for repeated folds Bouckaert and Frank, PAKDD 2004).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from core.advice.estimate import GroupedEstimate, grouped_mean, grouped_share
from core.checks.probe import NO_FOLD

FOLDS: Final = 5
REPEATS: Final = 2
# With no difference seen on n images, a true difference is at most 3 / n with 95% confidence (Hanley and Lippman-Hand,
# "If nothing goes wrong, is everything all right?", JAMA 249, 1983).
RULE_OF_THREE: Final = 3.0
FEWEST_FOLDS: Final = 3
"""The spread of fewer says nothing about the variation between folds."""
USUAL_GAIN: Final = 0.03
_Z95: Final = 1.96


@dataclass(frozen=True)
class Outcomes:
    """Predictions of images by heads that saw neither them nor their split group.

    Attributes:
        correct: (repeats, n) float64, 1 correct, 0 wrong, NaN not predicted.
        folds: (repeats, n) int64, the fold in which an image was held out, `NO_FOLD` if in none.
        seconds: Time that it took, in seconds.
    """

    correct: NDArray[np.float64]
    folds: NDArray[np.int64]
    seconds: float = 0.0

    @property
    def tested(self) -> NDArray[np.bool_]:
        """(n,) images with at least one prediction."""
        return np.asarray(~np.isnan(self.correct).all(axis=0))

    @property
    def images(self) -> int:
        """Number of images that were predicted."""
        return int(self.tested.sum())

    def by_image(self) -> NDArray[np.float64]:
        """(n,) share of the repeats in which an image was predicted correctly; NaN without a prediction."""
        counts = (~np.isnan(self.correct)).sum(axis=0)
        means = np.full(self.correct.shape[1], np.nan)
        np.divide(np.nansum(self.correct, axis=0), counts, out=means, where=counts > 0)
        return means

    def by_fold(self) -> NDArray[np.float64]:
        """(J,) accuracy of each fold of each repeat."""
        return np.array(
            [
                float(np.nanmean(row[held_out]))
                for row, folds in zip(self.correct, self.folds, strict=True)
                for fold in np.unique(folds).tolist()
                if fold != NO_FOLD and not np.isnan(row[held_out := folds == fold]).all()
            ]
        )

    def restricted_to(self, other: "Outcomes") -> "Outcomes":
        """The predictions of images that the other predicted as well, repeat by repeat."""
        both = np.where(np.isnan(other.correct), np.nan, self.correct)
        return Outcomes(both, self.folds, self.seconds)


def accuracy(outcomes: Outcomes, groups: NDArray[np.int64]) -> GroupedEstimate:
    """Give the share of correct predictions with its 95% interval.

    Args:
        outcomes: With at least one prediction.
        groups: (n,) split group of each image.
    """
    tested = outcomes.tested
    over_images = grouped_share(outcomes.by_image()[tested], groups[tested])
    reach = _reach_over_folds(outcomes.by_fold(), _tested_to_trained(outcomes))
    return GroupedEstimate(
        value=over_images.value,
        low=max(0.0, min(over_images.low, over_images.value - reach)),
        high=min(1.0, max(over_images.high, over_images.value + reach)),
    )


def accuracy_difference(first: Outcomes, second: Outcomes, groups: NDArray[np.int64]) -> GroupedEstimate:
    """Give the accuracy of the first minus that of the second, with its 95% interval.

    Both were tested on the same folds. Images are compared one by one, so that what is hard for both cancels out.

    Args:
        first: Outcomes of one choice.
        second: Outcomes of another choice.
        groups: (n,) split group of each image.
    """
    first, second = first.restricted_to(second), second.restricted_to(first)
    differences = first.by_image() - second.by_image()
    tested = ~np.isnan(differences)
    over_images = grouped_mean(differences[tested], groups[tested])
    reach = max(
        over_images.high - over_images.value,
        _reach_over_folds(first.by_fold() - second.by_fold(), _tested_to_trained(first)),
        min(1.0, RULE_OF_THREE / len(np.unique(groups[tested]))),
    )
    value = over_images.value
    return GroupedEstimate(value=value, low=max(-1.0, value - reach), high=min(1.0, value + reach))


def expected_gain(first: Outcomes, second: Outcomes, groups: NDArray[np.int64]) -> float:
    """The accuracy of the first minus that of the second, shrunk towards 0 by how uncertain it is.

    The mean of the posterior if gains are normal around 0 with a standard deviation of `USUAL_GAIN`: little is left of
    a large gain on a few images. The standard error is the larger one of those over images and over folds.
    """
    first, second = first.restricted_to(second), second.restricted_to(first)
    differences = first.by_image() - second.by_image()
    tested = ~np.isnan(differences)
    over_images = grouped_mean(differences[tested], groups[tested])
    error = max((over_images.high - over_images.value) / _Z95, standard_error(first, second), 1 / tested.sum())
    return float(over_images.value * USUAL_GAIN**2 / (USUAL_GAIN**2 + error**2))


def standard_error(first: Outcomes, second: Outcomes) -> float:
    """Standard error of the difference of two accuracies over the folds; 0 with fewer than three folds."""
    first, second = first.restricted_to(second), second.restricted_to(first)
    return _standard_error(first.by_fold() - second.by_fold(), _tested_to_trained(first))


def best_of(choices: Sequence[Outcomes]) -> int:
    """Index of the choice with the highest accuracy; the last of equal ones."""
    shares = [float(np.nanmean(one.by_image())) for one in choices]
    return max(range(len(shares)), key=lambda row: (round(shares[row], 9), row))


def join_folds(parts: Sequence[Outcomes]) -> Outcomes:
    """Join the predictions of several folds, each of other images, to one prediction an image."""
    correct = np.stack([part.correct[0] for part in parts])
    folds = np.stack([part.folds[0] for part in parts])
    once = np.where(np.isnan(correct).all(axis=0), np.nan, np.nansum(correct, axis=0))
    return Outcomes(once[np.newaxis], folds.max(axis=0)[np.newaxis], sum(part.seconds for part in parts))


def common_images(choices: Mapping[str, Outcomes]) -> dict[str, Outcomes]:
    """Restrict the outcomes of choices to the images that all of them predicted."""
    common = dict(choices)
    for other in choices.values():
        common = {name: outcomes.restricted_to(other) for name, outcomes in common.items()}
    return common


def _tested_to_trained(outcomes: Outcomes) -> float:
    """Mean number of images that are held out with a fold, divided by the number of those that are learned from."""
    sizes = [np.count_nonzero(row == fold) for row in outcomes.folds for fold in np.unique(row[row != NO_FOLD])]
    tested = float(np.mean(sizes)) if sizes else 0.0
    return tested / max(1.0, float(outcomes.folds.shape[1]) - tested)


def _standard_error(values: NDArray[np.float64], ratio: float) -> float:
    if len(values) < FEWEST_FOLDS:
        return 0.0
    return float(np.sqrt(np.var(values, ddof=1) * (1 / len(values) + ratio)))


def _reach_over_folds(values: NDArray[np.float64], ratio: float) -> float:
    error = _standard_error(values, ratio)
    return float(student.ppf(0.975, len(values) - 1)) * error if error else 0.0
