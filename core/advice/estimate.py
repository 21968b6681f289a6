"""Shares measured on images that come in groups, with 95% intervals for which a burst of ten is one witness."""

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
    alike: float  # how many images of equal weight the groups would be, if each were one witness (Kish 1965)


def grouped_share(right: NDArray[np.float64], groups: NDArray[np.int64]) -> GroupedEstimate:
    """Give the share of right answers, with Wilson's interval for as many images as the groups are worth.

    The effective number of images is the one whose binomial variance equals the variance between groups (Korn and
    Graubard, "Confidence intervals for proportions with small expected number of positive counts", 1998). Without any
    difference between groups nothing is known about it: then each group counts once.

    Args:
        right: (n,) 0 or 1, or the mean of several looks; at least one.
        groups: (n,) what shares a group is no independent witness.
    """
    found = _clustered(right, groups)
    effective = found.mean * (1 - found.mean) / found.variance if found.variance > 0 else found.alike
    effective = float(np.clip(effective, 1, len(right)))
    interval = wilson(found.mean * effective, effective)
    assert interval is not None, "there is at least one image"
    return GroupedEstimate(value=found.mean, low=interval.low, high=interval.high)


def grouped_mean(values: NDArray[np.float64], groups: NDArray[np.int64]) -> GroupedEstimate:
    """Give the mean of values of either sign, such as differences of answers, with Student's interval over groups.

    Args:
        values: (n,) at least one.
        groups: (n,) as in `grouped_share`.
    """
    found = _clustered(values, groups)
    if found.groups < 2:  # noqa: PLR2004 - one witness has no spread
        return GroupedEstimate(value=found.mean, low=-1.0, high=1.0)
    reach = float(student.ppf(0.975, found.groups - 1)) * found.variance**0.5
    return GroupedEstimate(value=found.mean, low=found.mean - reach, high=found.mean + reach)


def _clustered(values: NDArray[np.float64], groups: NDArray[np.int64]) -> _Clustered:
    """Mean, and its variance by the totals of the groups: the linearised variance of a ratio."""
    _, rows = np.unique(groups, return_inverse=True)
    sizes, totals = np.bincount(rows).astype(np.float64), np.bincount(rows, values)
    mean, n = float(values.mean()), len(sizes)
    squares = float(np.square(totals - mean * sizes).sum())
    variance = n / (n - 1) * squares / len(values) ** 2 if n > 1 else 0.0
    return _Clustered(mean, variance, n, float(len(values) ** 2 / np.square(sizes).sum()))
