"""Two runs on the same test images, and whether their difference is real."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.dataset.manifest import TEST
from core.evaluation.inference.predictions import Predictions

# The usual level from which a difference is taken for real.
LEVEL: Final = 0.05


@dataclass(frozen=True)
class McNemarResult:
    """What changed between two runs on test images that both have, with the same label.

    Attributes:
        images: How many such images there are.
        before: Share of them that the first run got right.
        after: Share of them that the second run got right.
        repaired: Digests of the images that only the second run got right.
        broken: Digests of the images that only the first run got right.
        p_value: Probability of a difference at least as large if both runs were equally good.
    """

    images: int
    before: float
    after: float
    repaired: tuple[str, ...]
    broken: tuple[str, ...]
    p_value: float

    @property
    def real(self) -> bool:
        """Whether chance alone hardly explains the difference."""
        return self.p_value < LEVEL

    def in_words(self) -> str:
        """One sentence with the figures and what they mean."""
        verdict = "more than chance explains" if self.real else "no more than chance may bring"
        return (
            f"On the same {self.images} test images {self.before:.1%} were right before and {self.after:.1%} after: "
            f"{len(self.repaired)} were repaired and {len(self.broken)} broken, {verdict} "
            f"(McNemar's test, p = {self.p_value:.2g})."
        )


def compare(before: Predictions, after: Predictions) -> McNemarResult | None:
    """Compare two runs on the test images that neither a new label nor a new split touched.

    Args:
        before: Predictions of the first run, of any splits.
        after: Predictions of the second run, of any splits; its classes may be others.

    Returns:
        None where the runs have no such image in common.
    """
    first, second = _judged(before), _judged(after)
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
    """Exact two-sided p-value of McNemar's test: whether as many were repaired as broken but for chance.

    Source: McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika 12
    (1947), with the binomial distribution instead of its approximation.
    """
    changed, fewer = repaired + broken, min(repaired, broken)
    tail = sum(math.comb(changed, count) for count in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << changed))


def _judged(predictions: Predictions) -> dict[str, tuple[str, bool]]:
    """By digest, the label of each test image and whether the run got it right."""
    return {
        predictions.digests[row]: (predictions.classes[predictions.true[row]], bool(predictions.right[row]))
        for row in np.flatnonzero(predictions.splits == TEST)
    }
