"""Classification metrics, equal to scikit-learn's, without its import time.

All but the losses are computed from the confusion matrix, so the figures on a page agree with the matrix it shows.
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
        precision: (n_classes,) share of the images predicted as this class that are it; 0 where none was.
        recall: (n_classes,) share of the images of this class predicted as it; 0 where there is none.
        f1: (n_classes,) harmonic mean of both; 0 where the class neither occurs nor was predicted.
        support: (n_classes,) images of this class.
        predicted: (n_classes,) images predicted as this class.
    """

    precision: Floats
    recall: Floats
    f1: Floats
    support: Ints
    predicted: Ints


def confusion_matrix(true: Ints, predicted: Ints, n_classes: int) -> Ints:
    """Count how often each class was predicted as each class.

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
    """Compute precision, recall, F1 and support of each class.

    Args:
        confusion: (n_classes, n_classes) counts, rows true, columns predicted.
    """
    correct = np.diagonal(confusion)
    support, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    return ClassScores(
        precision=_ratio(correct, predicted),
        recall=_ratio(correct, support),
        f1=_ratio(2 * correct, support + predicted),
        support=support,
        predicted=predicted,
    )


def accuracy(confusion: Ints) -> float:
    """Share of the images whose predicted class is their label."""
    return float(np.trace(confusion) / confusion.sum())


def balanced_accuracy(confusion: Ints) -> float:
    """Mean recall over the classes that have images."""
    scores = class_scores(confusion)
    return float(scores.recall[scores.support > 0].mean())


def macro_f1(confusion: Ints) -> float:
    """Mean F1 over the classes that occur or were predicted."""
    scores = class_scores(confusion)
    return float(scores.f1[(scores.support > 0) | (scores.predicted > 0)].mean())


def weighted_f1(confusion: Ints) -> float:
    """Mean F1, each class weighted by its number of images."""
    scores = class_scores(confusion)
    return float(np.average(scores.f1, weights=scores.support))


def losses(true: Ints, probabilities: Floats) -> Floats:
    """Compute the cross-entropy of each image in nats.

    Args:
        true: (n_images,) class indices.
        probabilities: (n_images, n_classes) float64, rows sum to 1.

    Returns:
        (n_images,) losses; probabilities are clipped to float64's machine epsilon, as in scikit-learn.
    """
    epsilon = np.finfo(np.float64).eps
    of_label = probabilities[np.arange(len(true)), true]
    return -np.log(np.clip(of_label, epsilon, 1 - epsilon))


def log_loss(true: Ints, probabilities: Floats) -> float:
    """Mean cross-entropy in nats."""
    return float(losses(true, probabilities).mean())


def _ratio(part: Ints, whole: Ints) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
