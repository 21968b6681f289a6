"""Compares two runs on the same test images with the same labels (McNemar's test)."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.dataset.manifest import TEST
from core.evaluation.inference.predictions import Predictions

# Significance level.
LEVEL: Final = 0.05


@dataclass(frozen=True)
class McNemarResult:
    """The difference between two runs on the test images that both have, with the same label.

    Attributes:
        images: Number of these images.
        before: Accuracy of the first run on them.
        after: Accuracy of the second run on them.
        repaired: Digests of the images that only the second run predicts correctly.
        broken: Digests of the images that only the first run predicts correctly.
        p_value: Probability of a difference at least as large if both runs were equally good.
    """

    images: int
    before: float
    after: float
    repaired: tuple[str, ...]
    broken: tuple[str, ...]
    p_value: float

    @property
    def significant(self) -> bool:
        """Whether the difference is significant at `LEVEL`."""
        return self.p_value < LEVEL

    def describe(self) -> str:
        """Describe the difference and its significance in one sentence."""
        verdict = "more than chance explains" if self.significant else "which may be chance"
        return (
            f"On the same {self.images} test images with the same labels, the accuracy was {self.before:.1%} before "
            f"and {self.after:.1%} after: {len(self.repaired)} repaired and {len(self.broken)} broken, {verdict} "
            f"(McNemar's test, p = {self.p_value:.2g})."
        )


def compare(before: Predictions, after: Predictions) -> McNemarResult | None:
    """Compare two runs on the test images whose label and split did not change.

    Args:
        before: Predictions of the first run, of any splits.
        after: Predictions of the second run, of any splits; its classes may be others.

    Returns:
        None where the runs have no such image in common.
    """
    first, second = _test_rows(before), _test_rows(after)
    shared = [digest for digest in first if digest in second and first[digest][0] == second[digest][0]]
    if not shared:
        return None
    repaired = tuple(digest for digest in shared if second[digest][1] and not first[digest][1])
    broken = tuple(digest for digest in shared if first[digest][1] and not second[digest][1])
    return McNemarResult(
        images=len(shared),
        before=sum(first[digest][1] for digest in shared) / len(shared),
        after=sum(second[digest][1] for digest in shared) / len(shared),
        repaired=repaired,
        broken=broken,
        p_value=mcnemar(len(repaired), len(broken)),
    )


def mcnemar(repaired: int, broken: int) -> float:
    """Compute the exact two-sided p-value of McNemar's test.

    Source: McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika 12
    (1947), with the binomial distribution instead of its chi-squared approximation.
    """
    changed, fewer = repaired + broken, min(repaired, broken)
    tail = sum(math.comb(changed, count) for count in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << changed))


def _test_rows(predictions: Predictions) -> dict[str, tuple[str, bool]]:
    """Give, by digest, the label of each test image and whether its prediction is correct."""
    return {
        predictions.digests[row]: (predictions.classes[predictions.true[row]], bool(predictions.correct[row]))
        for row in np.flatnonzero(predictions.splits == TEST)
    }
