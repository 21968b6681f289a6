"""ROC and precision-recall curves of one class against the rest, and of all classes together.

The areas equal scikit-learn's: `roc_auc_score` (one against the rest; macro and micro) and `average_precision_score`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.evaluation.metrics.classification import Floats, Ints


@dataclass(frozen=True)
class RocCurve:
    """True against false positive rate, for each threshold.

    Attributes:
        false_positive_rate: (n_points,) share of the other images predicted as this class, rising.
        true_positive_rate: (n_points,) share of this class' images predicted as it, rising.
        thresholds: (n_points,) probability from which an image is predicted as this class; at the first, none is.
        area: Area under the curve.
    """

    false_positive_rate: Floats
    true_positive_rate: Floats
    thresholds: Floats
    area: float

    def thinned(self, points: int) -> Self:
        """Give the same curve with at most so many points, for drawing; the area stays exact."""
        keep = _spread(self.false_positive_rate + self.true_positive_rate, points)
        return type(self)(
            self.false_positive_rate[keep], self.true_positive_rate[keep], self.thresholds[keep], self.area
        )


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """Precision against recall, for each threshold.

    Attributes:
        precision: (n_points,) share of the images predicted as this class that are it.
        recall: (n_points,) share of this class' images predicted as it, falling; the last is 0.
        thresholds: (n_points,) probability from which an image is predicted as this class, rising; at the last, none
            is.
        area: Average precision: the area without linear interpolation, which would be optimistic.
    """

    precision: Floats
    recall: Floats
    thresholds: Floats
    area: float

    def thinned(self, points: int) -> Self:
        """Give the same curve with at most so many points, for drawing; the area stays exact."""
        steps = np.abs(np.diff(self.precision)) + np.abs(np.diff(self.recall))
        keep = _spread(np.concatenate([[0.0], np.cumsum(steps)]), points)
        return type(self)(self.precision[keep], self.recall[keep], self.thresholds[keep], self.area)


@dataclass(frozen=True)
class _Counts:
    true_positives: Floats
    false_positives: Floats
    thresholds: Floats


def roc_curve(is_class: NDArray[np.bool_], scores: Floats) -> RocCurve | None:
    """Compute the ROC curve of one class against the rest.

    Args:
        is_class: (n_images,) whether the image is of this class.
        scores: (n_images,) its probability.

    Returns:
        None where all or none of the images are of this class.
    """
    if is_class.all() or not is_class.any():
        return None
    counts = _count(is_class, scores)
    corners = _corners(counts.false_positives, counts.true_positives)
    false_positive_rate = np.concatenate([[0.0], counts.false_positives[corners] / counts.false_positives[-1]])
    true_positive_rate = np.concatenate([[0.0], counts.true_positives[corners] / counts.true_positives[-1]])
    thresholds = np.concatenate([[np.inf], counts.thresholds[corners]])
    area = float(np.trapezoid(true_positive_rate, false_positive_rate))
    return RocCurve(false_positive_rate, true_positive_rate, thresholds, area)


def precision_recall_curve(is_class: NDArray[np.bool_], scores: Floats) -> PrecisionRecallCurve | None:
    """Compute the precision-recall curve of one class against the rest.

    Args:
        is_class: (n_images,) whether the image is of this class.
        scores: (n_images,) its probability.

    Returns:
        None where no image is of this class.
    """
    if not is_class.any():
        return None
    counts = _count(is_class, scores)
    precision = np.concatenate(
        [(counts.true_positives / (counts.true_positives + counts.false_positives))[::-1], [1.0]]
    )
    recall = np.concatenate([(counts.true_positives / counts.true_positives[-1])[::-1], [0.0]])
    thresholds = np.concatenate([counts.thresholds[::-1], [np.inf]])
    area = max(0.0, float(-np.sum(np.diff(recall) * precision[:-1])))
    return PrecisionRecallCurve(precision, recall, thresholds, area)


def one_against_rest(true: Ints, n_classes: int) -> NDArray[np.bool_]:
    """Give (n_images, n_classes) whether an image is of a class; ravelled, it gives the micro curves."""
    members: NDArray[np.bool_] = true[:, np.newaxis] == np.arange(n_classes)
    return members


def macro(areas: list[float | None]) -> float | None:
    """Mean area over the classes that have one; None where none has."""
    defined = [area for area in areas if area is not None]
    return float(np.mean(defined)) if defined else None


def _count(is_class: NDArray[np.bool_], scores: Floats) -> _Counts:
    order = np.argsort(scores, kind="mergesort")[::-1]
    ranked = scores[order]
    last_of_ties = np.concatenate([np.flatnonzero(np.diff(ranked)), [len(ranked) - 1]])
    true_positives = np.cumsum(is_class[order], dtype=np.float64)[last_of_ties]
    return _Counts(true_positives, 1.0 + last_of_ties - true_positives, ranked[last_of_ties])


def _corners(false_positives: Floats, true_positives: Floats) -> NDArray[np.bool_]:
    """Mark the points where the curve turns; the others change neither the drawing nor the area."""
    if len(false_positives) <= 2:  # noqa: PLR2004 - both ends
        return np.ones(len(false_positives), bool)
    turns = np.ones(len(false_positives), bool)
    turns[1:-1] = (np.diff(false_positives, 2) != 0) | (np.diff(true_positives, 2) != 0)
    return turns


def _spread(length_so_far: Floats, points: int) -> Ints:
    """Choose indices of points evenly along a curve, including both ends."""
    last = len(length_so_far) - 1
    if last < points:
        return np.arange(last + 1)
    targets = np.linspace(length_so_far[0], length_so_far[-1], points)[:-1]
    return np.unique(np.append(np.searchsorted(length_so_far, targets), last))
