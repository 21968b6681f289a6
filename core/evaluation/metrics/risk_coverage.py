"""Error against share answered: what a threshold on the confidence costs and gains.

The risk-coverage curve of selective classification (El-Yaniv and Wiener, On the Foundations of Noise-free Selective
Classification, 2010).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.metrics.classification import Floats


@dataclass(frozen=True)
class RiskCoverage:
    """One point for each threshold, from the lowest confidence of an image to the highest.

    Attributes:
        thresholds: (n,) ascending; an image is answered if its confidence is at least as high.
        coverage: (n,) share of the images that are answered, descending.
        risk: (n,) share of the answered images whose predicted class is wrong.
    """

    thresholds: Floats
    coverage: Floats
    risk: Floats

    def at(self, threshold: float) -> tuple[float, float | None]:
        """Give coverage and risk at a threshold; no risk where nothing is answered."""
        first = int(np.searchsorted(self.thresholds, threshold))
        if first == len(self.thresholds):
            return 0.0, None
        return float(self.coverage[first]), float(self.risk[first])


def measure_risk_coverage(confidence: Floats, correct: NDArray[np.bool_]) -> RiskCoverage:
    """Measure the curve.

    Args:
        confidence: (n_images,) probability of the predicted class.
        correct: (n_images,) whether the predicted class is the label.
    """
    order = np.argsort(confidence, kind="stable")
    thresholds, first = np.unique(confidence[order], return_index=True)
    answered = len(confidence) - first
    wrong_from = np.cumsum(~correct[order][::-1])[::-1]
    return RiskCoverage(thresholds, answered / max(1, len(confidence)), wrong_from[first] / answered)
