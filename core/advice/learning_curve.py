"""Would more photos help? Accuracy on held-out images by the number of training images, extrapolated to twice as many.

A logistic regression on a frozen network's features learns from nested subsets of the training folds. The error is
fitted by an inverse power law, a + b * n ** -c (Cortes et al., "Learning curves: asymptotic values and rate of
convergence", NIPS 1993; Figueroa et al., "Predicting sample size required for classification performance", BMC Medical
Informatics 12, 2012, who give larger subsets more weight, as here). Intervals come from a bootstrap over split groups
and over subsets, 90%: they do not know whether the law holds beyond the images that are there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.advice.estimate import GroupedEstimate
from core.advice.outcomes import FOLDS
from core.checks.probe import assign_folds, fit_probe, no_folds
from core.errors import DatasetError

SHARES: Final = (0.125, 0.25, 0.5, 1.0)
SUBSETS: Final = 3
"""How often subsets are drawn."""
DRAWS: Final = 400
ENOUGH: Final = 0.01
"""A gain that is below this, also at the upper end of its interval, is not worth twice as many photos."""
FEWEST_IMAGES_OF_A_CLASS: Final = 8
_LEVELS: Final = (0.05, 0.95)
_EXPONENTS: Final = np.linspace(0.1, 1.5, 29)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClassGain(_Frozen):
    """What twice as many photos of all classes would be worth to one class.

    Attributes:
        name: Of the class.
        images: Number of its images.
        recall: Share of its images that are predicted correctly.
        gain: Expected gain of this share, with a 90% interval.
    """

    name: str
    images: int
    recall: float
    gain: GroupedEstimate


class LearningCurve(_Frozen):
    """A learning curve.

    Attributes:
        network: Name of the network that computed the features.
        images: Number of images, of the train and validation splits.
        sizes: (s,) mean number of training images of each subset, ascending.
        accuracies: (s,) measured accuracy on held-out images.
        lows: (s,) lower end of its 90% interval.
        highs: (s,) upper end.
        doubled: Expected accuracy with twice as many images, with a 90% interval.
        gain: Expected gain by twice as many images, with a 90% interval.
        classes: The same for each class, the largest gain first.
    """

    network: str
    images: int
    sizes: tuple[float, ...]
    accuracies: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    doubled: GroupedEstimate
    gain: GroupedEstimate
    classes: tuple[ClassGain, ...]

    @property
    def enough(self) -> bool:
        """Whether twice as many photos are not worth a point."""
        return self.gain.high < ENOUGH

    def sentence(self, escape: Callable[[str], str] = str) -> str:
        """Say what twice as many photos are worth; `escape` prepares the name of a class for where it is shown."""
        if self.enough:
            return (
                f"**{self.images} images are enough** for this network: twice as many of the same kind would be worth "
                f"less than a point (at most {100 * self.gain.high:.1f})."
            )
        worth = f"Twice as many photos are worth {_points(self.gain)} to a quick head on these features"
        helped = [one for one in self.classes if one.gain.low > ENOUGH]
        if not helped:
            return f"**{worth}.**"
        first = helped[0]
        return f"**{worth}**, most for *{escape(first.name)}*: {_points(first.gain)}."

    def caveat(self) -> str:
        """Say what the measurement does not say."""
        return (
            "Extrapolated by an inverse power law, for photos like those that are there; photos of another kind, "
            "place or light may be worth more. The test split took no part."
        )


@dataclass(frozen=True)
class Subsets:
    """What heads predicted that learned from subsets.

    Attributes:
        sizes: (s,) mean number of training images.
        correct: (s, subsets, n) 1 correct, 0 wrong, NaN not predicted.
    """

    sizes: Floats
    correct: Floats


def measure_subsets(
    features: NDArray[np.float32],
    labels: Ints,
    groups: Ints,
    *,
    seed: int = 0,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Subsets:
    """Predict every image by heads that learned from an eighth, a quarter, a half and all of the other folds.

    Args:
        features: (n, n_features).
        labels: (n,) class of each image.
        groups: (n,) split group of each image; groups stay whole in the folds.
        seed: Of the folds and the subsets.
        on_progress: Called with the number of heads fitted so far, and of all; may raise to stop.

    Raises:
        DatasetError: There are too few images, or they cannot be divided into folds.
    """
    smallest = int(np.bincount(labels).min())
    if smallest < FEWEST_IMAGES_OF_A_CLASS:
        raise DatasetError(
            f"A learning curve needs {FEWEST_IMAGES_OF_A_CLASS} images of every class, and one has {smallest}.",
            "More images help for certain there.",
        )
    correct = np.full((len(SHARES), SUBSETS, len(labels)), np.nan)
    sizes: list[list[int]] = [[] for _ in SHARES]
    done, total = 0, len(SHARES) * SUBSETS * FOLDS
    for subset in range(SUBSETS):
        folds = assign_folds(labels, groups, FOLDS, seed + subset)
        for fold in range(int(folds.max(initial=-1)) + 1):
            train = np.flatnonzero(folds != fold)
            # A class without training images cannot be predicted.
            held_out = np.flatnonzero((folds == fold) & np.isin(labels, labels[train]))
            if len(np.unique(labels[train])) < 2 or not len(held_out):  # noqa: PLR2004 - nothing to tell apart
                continue
            order = train[np.random.default_rng((seed, subset, fold)).permutation(len(train))]
            for row, share in enumerate(SHARES):
                chosen = _first_of_each_class(order, labels, share)
                model = fit_probe(features[chosen], labels[chosen], seed)
                correct[row, subset, held_out] = model.predict(features[held_out]) == labels[held_out]
                sizes[row].append(len(chosen))
                done += 1
                on_progress(done, total)
    if not done:
        raise no_folds()
    return Subsets(np.array([np.mean(row) for row in sizes]), correct)


def fit_learning_curve(
    measured: Subsets, labels: Ints, groups: Ints, classes: Sequence[str], *, network: str, seed: int = 0
) -> LearningCurve:
    """Fit the curve, and extrapolate it from all images to twice as many.

    Args:
        measured: What heads predicted.
        labels: (n,) class of each image.
        groups: (n,) split group of each image.
        classes: Names of the classes.
        network: Name of the network that computed the features.
        seed: Of the bootstrap.
    """
    n = len(labels)
    everything = np.ones(n, bool)
    errors = _resampled_errors(measured, everything, groups, seed)
    now, doubled = _extrapolate(measured.sizes, errors, (n, 2 * n))
    gains = []
    for row, name in enumerate(classes):
        of_class = labels == row
        if not np.isnan(measured.correct[:, :, of_class]).all():
            drawn = _resampled_errors(measured, of_class, groups, seed)
            before, after = _extrapolate(measured.sizes, drawn, (n, 2 * n))
            recall = 1 - float(drawn[0, -1])
            gains.append(
                ClassGain(name=name, images=int(of_class.sum()), recall=recall, gain=_estimate(before - after))
            )
    ends = np.quantile(1 - errors[1:], _LEVELS, axis=0)
    return LearningCurve(
        network=network,
        images=n,
        sizes=tuple(measured.sizes.tolist()),
        accuracies=tuple((1 - errors[0]).tolist()),
        lows=tuple(np.minimum(ends[0], 1 - errors[0]).tolist()),
        highs=tuple(np.maximum(ends[1], 1 - errors[0]).tolist()),
        doubled=_estimate(1 - doubled),
        gain=_estimate(now - doubled),
        classes=tuple(sorted(gains, key=lambda one: -one.gain.value)),
    )


def fit_power_law(sizes: Floats, errors: Floats) -> tuple[Floats, Floats, Floats]:
    """Fit a + b * n ** -c with a, b >= 0 to each row of errors, by least squares weighted by the size.

    Args:
        sizes: (s,) numbers of training images.
        errors: (k, s) errors.

    Returns:
        (k,) a, (k,) b and (k,) c.
    """
    weights = sizes / sizes.sum()
    best = np.full(len(errors), np.inf)
    found = np.zeros((3, len(errors)))
    for exponent in _EXPONENTS.tolist():
        power = sizes**-exponent
        mean_power, mean_error = float(weights @ power), errors @ weights
        slope = (
            (errors - mean_error[:, None]) @ (weights * (power - mean_power)) / (weights @ (power - mean_power) ** 2)
        )
        slope = np.maximum(slope, 0.0)
        floor = mean_error - slope * mean_power
        through_zero = errors @ (weights * power) / (weights @ power**2)
        slope, floor = np.where(floor < 0, through_zero, slope), np.maximum(floor, 0.0)
        loss = np.square(errors - floor[:, None] - slope[:, None] * power) @ weights
        better = loss < best
        best[better] = loss[better]
        found[:, better] = np.stack([floor, slope, np.full(len(errors), exponent)])[:, better]
    return found[0], found[1], found[2]


def _extrapolate(sizes: Floats, errors: Floats, to: tuple[int, int]) -> tuple[Floats, Floats]:
    floor, slope, exponent = fit_power_law(sizes, errors)
    now, later = (floor + slope * float(size) ** -exponent for size in to)
    return now, later


def _resampled_errors(measured: Subsets, chosen: NDArray[np.bool_], groups: Ints, seed: int) -> Floats:
    """(1 + draws, s) errors: of all groups and subsets, then of groups and subsets drawn with replacement."""
    rng = np.random.default_rng(seed)
    wrong = 1 - measured.correct[:, :, chosen]
    _, rows = np.unique(groups[chosen], return_inverse=True)
    n_groups, n_subsets = int(rows.max()) + 1, wrong.shape[1]
    there = ~np.isnan(wrong)
    totals, counts = (
        np.stack([[np.bincount(rows, values, n_groups) for values in size] for size in part])
        for part in (np.nan_to_num(wrong), there.astype(np.float64))
    )
    errors = [totals.sum(axis=(1, 2)) / counts.sum(axis=(1, 2))]
    for _ in range(DRAWS):
        subsets = rng.integers(0, n_subsets, n_subsets)
        times = np.bincount(rng.integers(0, n_groups, n_groups), minlength=n_groups)
        drawn = (counts[:, subsets] @ times).sum(axis=1)
        if drawn.all():
            errors.append((totals[:, subsets] @ times).sum(axis=1) / drawn)
    return np.stack(errors)


def _estimate(values: Floats) -> GroupedEstimate:
    """The first value, with the 90% interval of the others around it."""
    low, high = np.quantile(values[1:], _LEVELS)
    return GroupedEstimate(value=float(values[0]), low=float(min(low, values[0])), high=float(max(high, values[0])))


def _first_of_each_class(order: Ints, labels: Ints, share: float) -> Ints:
    """The first images of each class in an order, at least two."""
    chosen = []
    for label in np.unique(labels[order]).tolist():
        rows = order[labels[order] == label]
        chosen.append(rows[: max(2, round(share * len(rows)))])
    return np.concatenate(chosen)


def _points(estimate: GroupedEstimate) -> str:
    return f"{100 * estimate.value:.1f} points ({100 * estimate.low:.1f} to {100 * estimate.high:.1f})"
