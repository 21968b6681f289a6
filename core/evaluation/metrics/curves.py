"""ROC and precision-recall curves of one class against the rest, and of all classes together.

The areas are scikit-learn's: `roc_auc_score` (one against the rest; macro and micro) and `average_precision_score`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.evaluation.metrics.classification import Floats, Ints


@dataclass(frozen=True)
class RocCurve:
    """What each threshold gains in found images and costs in false alarms.

    Attributes:
        false_alarms: (n_points,) share of the other images that are called this class (false positive rate), rising.
        found: (n_points,) share of this class' images that are called it (true positive rate), rising.
        thresholds: (n_points,) probability from which an image is called this class; the first calls none.
        area: Area under the curve.
    """

    false_alarms: Floats
    found: Floats
    thresholds: Floats
    area: float

    def thinned(self, points: int) -> Self:
        """The same curve with at most so many points, for drawing; the area stays the exact one."""
        keep = _spread(self.false_alarms + self.found, points)
        return type(self)(self.false_alarms[keep], self.found[keep], self.thresholds[keep], self.area)


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """What each threshold trades between precision and recall.

    Attributes:
        precision: (n_points,) share of the images called this class that are it.
        recall: (n_points,) share of this class' images that are called it, falling; the last is 0.
        thresholds: (n_points,) probability from which an image is called this class, rising; the last calls none.
        area: Average precision, the area without optimistic interpolation.
    """

    precision: Floats
    recall: Floats
    thresholds: Floats
    area: float

    def thinned(self, points: int) -> Self:
        """The same curve with at most so many points, for drawing; the area stays the exact one."""
        steps = np.abs(np.diff(self.precision)) + np.abs(np.diff(self.recall))
        keep = _spread(np.concatenate([[0.0], np.cumsum(steps)]), points)
        return type(self)(self.precision[keep], self.recall[keep], self.thresholds[keep], self.area)


@dataclass(frozen=True)
class _Counts:
    hits: Floats
    alarms: Floats
    thresholds: Floats


def roc_curve(is_class: NDArray[np.bool_], scores: Floats) -> RocCurve | None:
    """ROC curve of one class against the rest.

    Args:
        is_class: (n_images,) whether the image is of this class.
        scores: (n_images,) its probability.

    Returns:
        None where the images are all of this class or none is: there is nothing to tell apart.
    """
    if is_class.all() or not is_class.any():
        return None
    counts = _count(is_class, scores)
    corners = _corners(counts.alarms, counts.hits)
    false_alarms = np.concatenate([[0.0], counts.alarms[corners] / counts.alarms[-1]])
    found = np.concatenate([[0.0], counts.hits[corners] / counts.hits[-1]])
    thresholds = np.concatenate([[np.inf], counts.thresholds[corners]])
    return RocCurve(false_alarms, found, thresholds, float(np.trapezoid(found, false_alarms)))


def precision_recall_curve(is_class: NDArray[np.bool_], scores: Floats) -> PrecisionRecallCurve | None:
    """Precision-recall curve of one class against the rest.

    Args:
        is_class: (n_images,) whether the image is of this class.
        scores: (n_images,) its probability.

    Returns:
        None where no image is of this class.
    """
    if not is_class.any():
        return None
    counts = _count(is_class, scores)
    precision = np.concatenate([(counts.hits / (counts.hits + counts.alarms))[::-1], [1.0]])
    recall = np.concatenate([(counts.hits / counts.hits[-1])[::-1], [0.0]])
    thresholds = np.concatenate([counts.thresholds[::-1], [np.inf]])
    area = max(0.0, float(-np.sum(np.diff(recall) * precision[:-1])))
    return PrecisionRecallCurve(precision, recall, thresholds, area)


def one_against_rest(true: Ints, n_classes: int) -> NDArray[np.bool_]:
    """(n_images, n_classes) whether an image is of a class; ravelled with the probabilities it gives micro curves."""
    members: NDArray[np.bool_] = true[:, np.newaxis] == np.arange(n_classes)
    return members


def macro(areas: list[float | None]) -> float | None:
    """Mean area over the classes that have one; None where no class has."""
    known = [area for area in areas if area is not None]
    return float(np.mean(known)) if known else None


def _count(is_class: NDArray[np.bool_], scores: Floats) -> _Counts:
    order = np.argsort(scores, kind="mergesort")[::-1]
    ranked = scores[order]
    last_of_ties = np.concatenate([np.flatnonzero(np.diff(ranked)), [len(ranked) - 1]])
    hits = np.cumsum(is_class[order], dtype=np.float64)[last_of_ties]
    return _Counts(hits, 1.0 + last_of_ties - hits, ranked[last_of_ties])


def _corners(alarms: Floats, hits: Floats) -> NDArray[np.bool_]:
    """Where the curve turns; points within a straight piece change neither the picture nor the area."""
    if len(alarms) <= 2:  # noqa: PLR2004 - two points are always both ends
        return np.ones(len(alarms), bool)
    turns = np.ones(len(alarms), bool)
    turns[1:-1] = (np.diff(alarms, 2) != 0) | (np.diff(hits, 2) != 0)
    return turns


def _spread(length_so_far: Floats, points: int) -> Ints:
    """Indices of points that lie evenly along a curve; both ends are among them."""
    last = len(length_so_far) - 1
    if last < points:
        return np.arange(last + 1)
    wanted = np.linspace(length_so_far[0], length_so_far[-1], points)[:-1]
    return np.unique(np.append(np.searchsorted(length_so_far, wanted), last))
