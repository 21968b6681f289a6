"""Error against share answered: the curve has the counts that a threshold gives."""

import numpy as np
import pytest

from core.evaluation.metrics.risk_coverage import measure_risk_coverage

CONFIDENCE = np.array([0.9, 0.5, 0.7, 0.5])
CORRECT = np.array([True, False, False, True])


@pytest.mark.parametrize(
    ("threshold", "coverage", "risk"),
    [(0.0, 1.0, 0.5), (0.5, 1.0, 0.5), (0.6, 0.5, 0.5), (0.71, 0.25, 0.0), (0.9, 0.25, 0.0), (0.95, 0.0, None)],
)
def test_a_threshold_gives_the_share_answered_and_the_error_among_them(threshold, coverage, risk):
    assert measure_risk_coverage(CONFIDENCE, CORRECT).at(threshold) == (coverage, risk)


def test_without_images_nothing_is_answered():
    curve = measure_risk_coverage(np.empty(0), np.empty(0, bool))
    assert curve.at(0.5) == (0.0, None)
