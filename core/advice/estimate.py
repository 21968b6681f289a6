"""Shares and means of images in groups, with 95% intervals that count a burst of ten as one observation."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.stats import t as student

from core.evaluation.metrics.intervals import wilson


class GroupedEstimate(BaseModel):
    """A number and its 95% interval.

    Attributes:
        value: The number, as a share.
        low: Lower end.
        high: Upper end.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: float
    low: float
    high: float


class _Clustered(NamedTuple):
    mean: float
    variance: float
    groups: int
    effective: float  # effective number of images if each group were one observation (Kish 1965)


def grouped_share(correct: NDArray[np.float64], groups: NDArray[np.int64]) -> GroupedEstimate:
    """Give the share of correct answers, with Wilson's interval for the effective number of images.

    The effective number of images is the one whose binomial variance equals the variance between groups (Korn and
    Graubard, "Confidence intervals for proportions with small expected number of positive counts", 1998). If the
    groups do not differ at all, each group counts once.

    Args:
        correct: (n,) 0 or 1, or the mean of several predictions; at least one.
        groups: (n,) group of each; images of one group are not independent.
    """
    found = _clustered(correct, groups)
    effective = found.mean * (1 - found.mean) / found.variance if found.variance > 0 else found.effective
    effective = float(np.clip(effective, 1, len(correct)))
    interval = wilson(found.mean * effective, effective)
    assert interval is not None, "there is at least one image"
    return GroupedEstimate(value=found.mean, low=interval.low, high=interval.high)


def grouped_mean(values: NDArray[np.float64], groups: NDArray[np.int64]) -> GroupedEstimate:
    """Give the mean of values of either sign, such as differences of two answers, with Student's interval over groups.

    Args:
        values: (n,) at least one.
        groups: (n,) as in `grouped_share`.
    """
    found = _clustered(values, groups)
    if found.groups < 2:  # noqa: PLR2004 - one observation has no spread
        return GroupedEstimate(value=found.mean, low=-1.0, high=1.0)
    reach = float(student.ppf(0.975, found.groups - 1)) * found.variance**0.5
    return GroupedEstimate(value=found.mean, low=found.mean - reach, high=found.mean + reach)


def _clustered(values: NDArray[np.float64], groups: NDArray[np.int64]) -> _Clustered:
    """Mean, and its variance from the totals of the groups (linearised variance of a ratio)."""
    _, rows = np.unique(groups, return_inverse=True)
    sizes, totals = np.bincount(rows).astype(np.float64), np.bincount(rows, values)
    mean, n = float(values.mean()), len(sizes)
    squares = float(np.square(totals - mean * sizes).sum())
    variance = n / (n - 1) * squares / len(values) ** 2 if n > 1 else 0.0
    return _Clustered(mean, variance, n, float(len(values) ** 2 / np.square(sizes).sum()))
