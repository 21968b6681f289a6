"""95% intervals of measured numbers, with the coverage they promise, or none.

Shares of counted images (accuracy, precision, recall) have Wilson's interval, with the end nearest to 0 or 1 moved
outwards where almost all or almost no images count (Brown, Cai and DasGupta 2001). Summed exactly for true shares from
0.01 to 0.99, Wilson's own interval covers 0.95 on average, but only 0.83 at some shares with up to 55 images. The
corrected one covers 0.950 to 0.961 on average over 0.5 to 0.99, and at least 0.909 at every share, for every number of
images from 8. Fewer images have too few possible outcomes for that and get the exact interval of Clopper and Pearson,
which is conservative: it covers at least 0.95 at every share.

Means over classes (macro F1, balanced accuracy) have no closed form, and the percentile bootstrap undercovers for good
models: it covers 0.12 to 0.75 with 8 images a class, because resampling a test set without mistakes gives no mistakes.
So `_class_mean` takes the union of two intervals: the percentile bootstrap within the true classes, which follows the
distribution of the mistakes, and Wilson's with the effective number of images, which allows for mistakes not yet seen.
Simulated with 2 to 30 classes, balanced and 1 to 12, true recalls from 0.3 to 0.99 and six patterns of confusion, the
union covers at least 0.91 from 8 images in every class, and as little as 0.78 with 5. Below `FEWEST_IMAGES` there is
therefore no interval.
"""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np
from scipy.special import betaincinv, gammaincinv

from core.evaluation.metrics.classification import Floats, Ints, balanced_accuracy, macro_f1

Z = NormalDist().inv_cdf(0.975)
FEWEST_IMAGES = 8
HALF_WIDTH = 0.05
_DRAWS = 1000
# Most hits, or misses, for which the end next to them is corrected: with up to `_SMALL` images, and with more.
_RARE: Final = (2, 3)
_SMALL: Final = 50


class Interval(NamedTuple):
    """A 95% interval.

    Attributes:
        low: Lower end.
        high: Upper end.
    """

    low: float
    high: float


def share_interval(hits: int, images: int) -> Interval | None:
    """Compute the interval of a share of independent images; None without images.

    Wilson's, with a Poisson bound for rare hits or misses (Brown, Cai and DasGupta, Interval estimation for a
    binomial proportion. Statistical Science 16 (2001), section 4.1.1). With fewer than `FEWEST_IMAGES` images the exact
    one (Clopper and Pearson, Biometrika 26 (1934)).
    """
    closed = wilson(hits, images)
    if closed is None:
        return None
    misses, rare = images - hits, _RARE[images > _SMALL]
    if images < FEWEST_IMAGES:
        return Interval(_exact_low(hits, images), 1 - _exact_low(misses, images))
    return Interval(
        _rare_low(hits, images) if 0 < hits <= rare else closed.low,
        1 - _rare_low(misses, images) if 0 < misses <= rare else closed.high,
    )


def _exact_low(hits: int, images: int) -> float:
    """The share at which so many hits or more have probability 0.025."""
    return float(betaincinv(hits, images - hits + 1, 0.025)) if hits else 0.0


def _rare_low(hits: int, images: int) -> float:
    """The share at which so many hits or more have probability 0.05, by the Poisson distribution."""
    return float(gammaincinv(hits, 0.05)) / images


def wilson(hits: float, images: float) -> Interval | None:
    """Compute Wilson's score interval of a share; None without images.

    Takes fractional (effective) numbers of images, as of grouped ones. For counts see `share_interval`.

    Source: Wilson, Probable inference, the law of succession, and statistical inference. JASA 22 (1927).
    """
    if not images:
        return None
    share, square = hits / images, Z * Z / images
    middle = (share + square / 2) / (1 + square)
    reach = Z / (1 + square) * math.sqrt(max(0.0, share * (1 - share)) / images + square / (4 * images))
    return Interval(max(0.0, middle - reach), min(1.0, middle + reach))


def f1_interval(correct: int, support: int, predicted: int) -> Interval | None:
    """Compute the interval of one class' F1.

    F1 = 2J / (1 + J) rises with J, the share of correct images among those that are of the class or predicted as it,
    and J has the interval of a share.
    """
    share = share_interval(correct, support + predicted - correct)
    return share and Interval(*(2 * end / (1 + end) for end in share))


def macro_f1_interval(confusion: Ints) -> Interval | None:
    """Compute the interval of the macro F1; None where a class has fewer than `FEWEST_IMAGES` images."""
    return _class_mean(confusion, macro_f1(confusion), _mean_f1)


def balanced_accuracy_interval(confusion: Ints) -> Interval | None:
    """Compute the interval of the balanced accuracy; None where a class has fewer than `FEWEST_IMAGES` images."""
    return _class_mean(confusion, balanced_accuracy(confusion), _mean_recall)


def more_images_needed(hits: int, images: int, half_width: float = HALF_WIDTH) -> int:
    """Count the further test images that shrink Wilson's interval to this half width, if the share stays the same."""
    share = hits / images if images else 0.5
    enough, too_few = images, images - 1
    while not _narrow(share, enough, half_width):
        too_few, enough = enough, 2 * enough + 1
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        too_few, enough = (too_few, middle) if _narrow(share, middle, half_width) else (middle, enough)
    return enough - images


def _narrow(share: float, images: int, half_width: float) -> bool:
    interval = wilson(share * images, images)
    return interval is not None and interval.high - interval.low <= 2 * half_width


_Score = Callable[[Floats, Floats, Floats], Floats]


def _mean_f1(correct: Floats, support: Floats, predicted: Floats) -> Floats:
    means: Floats = np.mean(2 * correct / (support + predicted), axis=-1)
    return means


def _mean_recall(correct: Floats, support: Floats, predicted: Floats) -> Floats:  # noqa: ARG001 - as `_mean_f1`
    means: Floats = np.mean(correct / support, axis=-1)
    return means


def _class_mean(confusion: Ints, value: float, score: _Score) -> Interval | None:
    present = (confusion.sum(axis=0) > 0) | (confusion.sum(axis=1) > 0)
    counts = confusion[np.ix_(present, present)]
    support = counts.sum(axis=1).astype(np.float64)
    if support.min() < FEWEST_IMAGES:
        return None
    generator = np.random.default_rng(0)
    plain = _bootstrap(counts / support[:, np.newaxis], support, score, generator)
    n_classes = len(support)
    possible = (counts + 1 / n_classes) / (support[:, np.newaxis] + 1)
    variance = float(_bootstrap(possible, support, score, generator).var())
    effective = n_classes**2 / float(np.sum(1 / support))
    cautious = (value * effective + 2) / (effective + 4)
    images = min(effective, cautious * (1 - cautious) / variance) if variance else effective
    closed = wilson(value * images, images)
    low, high = np.quantile(plain, [0.025, 0.975])
    return closed and Interval(min(closed.low, float(low)), max(closed.high, float(high)))


def _bootstrap(shares: Floats, support: Floats, score: _Score, generator: np.random.Generator) -> Floats:
    """Give (n_draws,) scores of resampled test sets with the same number of images a class."""
    correct = np.empty((_DRAWS, len(support)))
    predicted = np.zeros((_DRAWS, len(support)))
    for index, images in enumerate(support.astype(int)):
        drawn = generator.multinomial(images, shares[index], size=_DRAWS)
        correct[:, index] = drawn[:, index]
        predicted += drawn
    return score(correct, support, predicted)
