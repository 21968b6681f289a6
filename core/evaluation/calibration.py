"""Whether a confidence of 80% is right 80% of the time, and the one number that repairs it.

Reliability bins and the expected calibration error as in Guo et al., On calibration of modern neural networks (ICML
2017), and their temperature scaling: all logits are divided by one number, which changes confidences and never the
predicted class.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.metrics import Floats, Ints

BINS = 10
FOLDS = 5
# Confidences of a temperature beyond these are those of a broken model, not of an over- or underconfident one.
COLDEST, HOTTEST = 0.05, 20.0


@dataclass(frozen=True)
class Reliability:
    """How often a confidence was right, bin by bin of equal width.

    Attributes:
        counts: (n_bins,) images whose confidence falls into the bin; each bin includes its upper edge.
        confidence: (n_bins,) their mean confidence; 0 where there is none.
        accuracy: (n_bins,) share of them that was right; 0 where there is none.
        error: Expected calibration error: the mean gap between both, weighted by the counts.
    """

    counts: Ints
    confidence: Floats
    accuracy: Floats
    error: float


def reliability(confidence: Floats, right: NDArray[np.bool_], bins: int = BINS) -> Reliability:
    """Sort images into bins by confidence and compare it with how often they were right.

    Args:
        confidence: (n_images,) largest probability of each image.
        right: (n_images,) whether the predicted class is the true one.
        bins: Number of bins of equal width.
    """
    where = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(where, minlength=bins).astype(np.int64)
    filled = np.maximum(counts, 1)
    mean = np.bincount(where, confidence, bins) / filled
    accuracy = np.bincount(where, right.astype(np.float64), bins) / filled
    error = float(np.sum(np.abs(mean - accuracy) * counts) / max(1, len(confidence)))
    return Reliability(counts, mean, accuracy, error)


def softmax(logits: Floats) -> Floats:
    """Probabilities of logits; (n_images, n_classes) float64, rows sum to 1."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Floats = shifted / shifted.sum(axis=1, keepdims=True)
    return probabilities


def fit_temperature(logits: Floats, true: Ints) -> float:
    """The temperature with the lowest cross-entropy.

    The true class gets the target (n+1)/(n+2) instead of 1, as in Platt's scaling (Platt, Probabilistic outputs for
    support vector machines, 1999): without it a validation split without mistakes would ask for boundless confidence.

    Args:
        logits: (n_images, n_classes) float64.
        true: (n_images,) class indices.

    Returns:
        Between `COLDEST` and `HOTTEST`; above 1 where the model is too sure of itself.
    """
    n_images = len(true)
    doubt = 1 / (n_images + 2)
    wanted = (1 - doubt) * logits[np.arange(n_images), true] + doubt * logits.mean(axis=1)
    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(50):  # the slope rises with the inverse temperature, so its zero can be bisected
        middle = (low + high) / 2
        slope = float(np.mean(np.sum(softmax(logits * middle) * logits, axis=1) - wanted))
        low, high = (low, middle) if slope > 0 else (middle, high)
    return 2 / (low + high)


def temperature_helps(logits: Floats, true: Ints) -> bool:
    """Whether a fitted temperature lowers the cross-entropy of images it was not fitted on (cross-validated)."""
    if len(true) < 2 * FOLDS:
        return False
    folds = np.random.default_rng(0).permutation(len(true)) % FOLDS
    gain = 0.0
    for fold in range(FOLDS):
        inside, outside = folds != fold, folds == fold
        temperature = fit_temperature(logits[inside], true[inside])
        gain += _cross_entropy(logits[outside], true[outside])
        gain -= _cross_entropy(logits[outside] / temperature, true[outside])
    return gain > 0


def _cross_entropy(logits: Floats, true: Ints) -> float:
    highest = logits.max(axis=1)
    spread = highest + np.log(np.sum(np.exp(logits - highest[:, np.newaxis]), axis=1))
    return float(np.sum(spread - logits[np.arange(len(true)), true]))
