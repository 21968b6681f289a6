"""Numbers that say how good predictions are, equal to scikit-learn's, without its import time.

Everything but the losses is computed from the confusion matrix, so that a page which shows the matrix can show nothing
that disagrees with it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ClassScores:
    """Scores of each class against the rest.

    Attributes:
        precision: (n_classes,) share of the images called this class that are it; 0 where none was called it.
        recall: (n_classes,) share of the images of this class that were found; 0 where there is none.
        f1: (n_classes,) harmonic mean of both; 0 where the class neither occurs nor was called.
        support: (n_classes,) images of this class.
        called: (n_classes,) images called this class.
    """

    precision: Floats
    recall: Floats
    f1: Floats
    support: Ints
    called: Ints


def confusion_matrix(true: Ints, predicted: Ints, n_classes: int) -> Ints:
    """Count how often each class was called each class.

    Args:
        true: (n_images,) class indices.
        predicted: (n_images,) class indices.
        n_classes: Number of classes.

    Returns:
        (n_classes, n_classes) counts, rows true, columns predicted.
    """
    pairs = true * n_classes + predicted
    return np.bincount(pairs, minlength=n_classes * n_classes).reshape(n_classes, n_classes).astype(np.int64)


def class_scores(confusion: Ints) -> ClassScores:
    """Precision, recall, F1 and support of each class.

    Args:
        confusion: (n_classes, n_classes) counts, rows true, columns predicted.
    """
    hits = np.diagonal(confusion)
    support, called = confusion.sum(axis=1), confusion.sum(axis=0)
    return ClassScores(
        precision=_ratio(hits, called),
        recall=_ratio(hits, support),
        f1=_ratio(2 * hits, support + called),
        support=support,
        called=called,
    )


def accuracy(confusion: Ints) -> float:
    """Share of the images that were called what they are."""
    return float(np.trace(confusion) / confusion.sum())


def balanced_accuracy(confusion: Ints) -> float:
    """Mean recall over the classes that have images."""
    scores = class_scores(confusion)
    return float(scores.recall[scores.support > 0].mean())


def macro_f1(confusion: Ints) -> float:
    """Mean F1 over the classes that occur or were called."""
    scores = class_scores(confusion)
    return float(scores.f1[(scores.support > 0) | (scores.called > 0)].mean())


def weighted_f1(confusion: Ints) -> float:
    """Mean F1, each class weighted by its number of images."""
    scores = class_scores(confusion)
    return float(np.average(scores.f1, weights=scores.support))


def losses(true: Ints, probabilities: Floats) -> Floats:
    """Cross-entropy of each image in nats.

    Args:
        true: (n_images,) class indices.
        probabilities: (n_images, n_classes) float64, rows sum to 1.

    Returns:
        (n_images,) losses; a probability of 0 counts as the smallest step of a float64, as in scikit-learn.
    """
    step = np.finfo(np.float64).eps
    of_truth = probabilities[np.arange(len(true)), true]
    return -np.log(np.clip(of_truth, step, 1 - step))


def log_loss(true: Ints, probabilities: Floats) -> float:
    """Mean cross-entropy in nats."""
    return float(losses(true, probabilities).mean())


def _ratio(part: Ints, whole: Ints) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
