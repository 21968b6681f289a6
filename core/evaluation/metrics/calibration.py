"""Whether a confidence of 80% is right 80% of the time, and the one number that repairs it.

Reliability bins and the expected calibration error as in Guo et al., On calibration of modern neural networks (ICML
2017), and their temperature scaling: all logits are divided by one number, which changes confidences and never the
predicted class.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from core.evaluation.metrics.classification import Floats, Ints

BINS = 10
# Of the prior of a temperature's logarithm: before any image was seen, two of three are between 0.83 and 1.2.
PRIOR_DEVIATION = 30**-0.5
# A temperature of 1.005 moves a probability of 80% by 0.1 points.
UNSEEN = 0.005
TOLERANCE = 1e-7
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
    """The most probable temperature: a low cross-entropy, and not far from 1 without evidence.

    The epoch that is kept was chosen by the same images, so a bare fit follows their chance: it wants boundless
    confidence of a split without mistakes, and raised the cross-entropy of test splits by 0.03 to 0.21 on average. A
    normal prior on the logarithm holds it back. Measured on six sets, 20 splits each, with three networks (MobileNetV2
    at 96 and 224 pixels, MobileNet 0.25), against no temperature: the cross-entropy of the test split falls by 0.003,
    0.003 and 0.023 on average, its calibration error on 5, 5 and 6 of the six sets. Keeping a bare fit only where
    cross-validation says that it helps gave 0.003, 0.001 and 0.023, and 4, 2 and 4 sets.

    Args:
        logits: (n_images, n_classes) float64.
        true: (n_images,) class indices.

    Returns:
        Between `COLDEST` and `HOTTEST`; above 1 where the model is too sure of itself.
    """

    def doubt(logarithm: float) -> float:
        return _cross_entropy(logits / np.exp(logarithm), true) + (logarithm / PRIOR_DEVIATION) ** 2 / 2

    ends = float(np.log(COLDEST)), float(np.log(HOTTEST))
    found = minimize_scalar(doubt, bounds=ends, method="bounded", options={"xatol": TOLERANCE})
    return float(np.exp(found.x))


def is_worth_it(temperature: float) -> bool:
    """Whether a temperature changes confidences so much that anybody could see it."""
    return abs(float(np.log(temperature))) > UNSEEN


def _cross_entropy(logits: Floats, true: Ints) -> float:
    highest = logits.max(axis=1)
    spread = highest + np.log(np.sum(np.exp(logits - highest[:, np.newaxis]), axis=1))
    return float(np.sum(spread - logits[np.arange(len(true)), true]))
