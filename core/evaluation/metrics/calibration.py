"""Calibration: does a confidence of 80% mean 80% accuracy, and the temperature that corrects it.

Reliability bins and the expected calibration error as in Guo et al., On calibration of modern neural networks (ICML
2017), and their temperature scaling: all logits are divided by one number, which changes the confidence but never the
predicted class.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from core.evaluation.metrics.classification import Floats, Ints

BINS = 10
# Standard deviation of the prior of log(temperature): two of three temperatures are between 0.83 and 1.2 a priori.
PRIOR_DEVIATION = 30**-0.5
# Changes of log(temperature) below this are not noticeable: 1.005 moves a probability of 80% by 0.1 points.
NOTICEABLE = 0.005
TOLERANCE = 1e-7
# Temperatures beyond these point to a broken model, not to an over- or underconfident one.
COLDEST, HOTTEST = 0.05, 20.0


@dataclass(frozen=True)
class Reliability:
    """Accuracy by confidence, in bins of equal width.

    Attributes:
        counts: (n_bins,) images by confidence; each bin includes its upper edge.
        confidence: (n_bins,) their mean confidence; 0 where there is none.
        accuracy: (n_bins,) share of them predicted correctly; 0 where there is none.
        error: Expected calibration error: the mean gap between confidence and accuracy, weighted by the counts.
    """

    counts: Ints
    confidence: Floats
    accuracy: Floats
    error: float


def reliability(confidence: Floats, correct: NDArray[np.bool_], bins: int = BINS) -> Reliability:
    """Compare confidence with accuracy, bin by bin.

    Args:
        confidence: (n_images,) largest probability of each image.
        correct: (n_images,) whether the predicted class is the label.
        bins: Number of bins of equal width.
    """
    where = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(where, minlength=bins).astype(np.int64)
    filled = np.maximum(counts, 1)
    mean = np.bincount(where, confidence, bins) / filled
    accuracy = np.bincount(where, correct.astype(np.float64), bins) / filled
    error = float(np.sum(np.abs(mean - accuracy) * counts) / max(1, len(confidence)))
    return Reliability(counts, mean, accuracy, error)


def fit_temperature(logits: Floats, true: Ints) -> float:
    """Fit the most probable temperature: a low cross-entropy, and close to 1 without evidence.

    The best epoch was chosen by the same images, so a plain fit overfits: on a split without mistakes it diverges, and
    it raised the cross-entropy of test splits by 0.03 to 0.21 on average. A normal prior on log(temperature) prevents
    this. Measured on six sets, 20 splits each, with three networks (MobileNetV2 at 96 and 224 pixels, MobileNet 0.25),
    against no temperature: the cross-entropy of the test split falls by 0.003, 0.003 and 0.023 on average, its
    calibration error on 5, 5 and 6 of the six sets. A plain fit, used only where cross-validation says that it helps,
    gave 0.003, 0.001 and 0.023, and 4, 2 and 4 sets.

    Args:
        logits: (n_images, n_classes) float64.
        true: (n_images,) class indices.

    Returns:
        Between `COLDEST` and `HOTTEST`; above 1 if the model is overconfident.
    """

    def objective(logarithm: float) -> float:
        log_probabilities = log_softmax(logits / np.exp(logarithm), axis=1)[np.arange(len(true)), true]
        return float((logarithm / PRIOR_DEVIATION) ** 2 / 2 - log_probabilities.sum())

    ends = float(np.log(COLDEST)), float(np.log(HOTTEST))
    found = minimize_scalar(objective, bounds=ends, method="bounded", options={"xatol": TOLERANCE})
    return float(np.exp(found.x))


def is_noticeable(temperature: float) -> bool:
    """Whether a temperature changes the confidence noticeably."""
    return abs(float(np.log(temperature))) > NOTICEABLE
