"""The 95% intervals have their coverage, in exact sums and in simulations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, chi2

from core.evaluation.metrics import intervals

TRUE_ACCURACIES = np.linspace(0.5, 0.99, 99)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_equals_scipy(case):
    hits, images = case
    expected = binomtest(hits, images).proportion_ci(method="wilson")
    assert intervals.wilson(hits, images) == pytest.approx((expected.low, expected.high), abs=1e-14)


@given(st.integers(1, 7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_few_images_have_the_exact_interval(case):
    hits, images = case
    expected = binomtest(hits, images).proportion_ci(method="exact")
    assert intervals.share_interval(hits, images) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(("images", "rare"), [(8, 2), (50, 2), (51, 3), (400, 3)])
def test_only_the_ends_beyond_rare_hits_and_misses_are_corrected(images, rare):
    """Against the bounds of a Poisson number, which are quantiles of chi-squared."""
    for hits in range(images + 1):
        low, high = intervals.wilson(hits, images)
        if 0 < hits <= rare:
            low = chi2.ppf(0.05, 2 * hits) / 2 / images
        if 0 < images - hits <= rare:
            high = 1 - chi2.ppf(0.05, 2 * (images - hits)) / 2 / images
        assert intervals.share_interval(hits, images) == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize("images", [*range(8, 201), 500, 1000])
def test_the_interval_of_a_share_has_its_coverage(images):
    """Exact sums; the least coverage lies at an end of some interval, so both sides of every end are asked as well."""
    hits = np.arange(images + 1)
    ends = np.array([intervals.share_interval(count, images) for count in hits.tolist()])
    sides = np.concatenate([(ends + away).ravel() for away in (-1e-12, 0, 1e-12)])
    asked = np.concatenate([TRUE_ACCURACIES, sides[(sides >= 0.5) & (sides <= 0.99)]])
    inside = (ends[:, :1] <= asked) & (ends[:, 1:] >= asked)
    covered = np.sum(inside * binom.pmf(hits[:, None], images, asked), axis=0)
    assert covered.min() >= 0.90
    assert 0.94 <= covered[: len(TRUE_ACCURACIES)].mean() <= 0.97


def test_wilson_of_no_images_is_none():
    assert intervals.wilson(0, 0) is None
    assert intervals.share_interval(0, 0) is None


def confusions(recalls, support, times, generator, errors_to=None):
    """Counts of that many test sets; mistakes go to all other classes alike, or to one."""
    n_classes = len(support)
    shares = np.zeros((n_classes, n_classes))
    for true, recall in enumerate(recalls):
        others = [c for c in range(n_classes) if c != true]
        shares[true, others if errors_to in (None, true) else errors_to] = 1
        shares[true] *= (1 - recall) / shares[true].sum()
        shares[true, true] = recall
    counts = [[generator.multinomial(n, row) for n, row in zip(support, shares, strict=True)] for _ in range(times)]
    expected = shares * np.array(support)[:, None]
    f1 = np.mean(2 * np.diagonal(expected) / (expected.sum(axis=0) + expected.sum(axis=1)))
    return np.array(counts), f1, np.mean(recalls)


@pytest.mark.parametrize(
    ("recalls", "support", "errors_to"),
    [
        ([0.95, 0.95], [12, 12], None),
        ([0.99, 0.99], [24, 24], None),
        ([0.9] * 3, [8] * 3, None),
        ([0.99, 0.5], [100, 10], 0),
        ([0.99, 0.99, 0.99, 0.85], [100, 100, 100, 8], 0),
        ([0.7] * 5, [20] * 5, 0),
        ([0.97] * 10, [10] * 10, None),
    ],
)
def test_the_interval_of_a_class_mean_has_its_coverage(recalls, support, errors_to, monkeypatch):
    monkeypatch.setattr(intervals, "_DRAWS", 200)
    counts, f1, balanced = confusions(recalls, support, 200, np.random.default_rng(0), errors_to)
    of_f1 = [intervals.macro_f1_interval(confusion) for confusion in counts]
    of_balanced = [intervals.balanced_accuracy_interval(confusion) for confusion in counts]
    assert np.mean([low <= f1 <= high for low, high in of_f1]) >= 0.90
    assert np.mean([low <= balanced <= high for low, high in of_balanced]) >= 0.90


def test_no_interval_where_a_class_has_too_few_images():
    confusion = np.diag([50, intervals.FEWEST_IMAGES - 1])
    assert intervals.macro_f1_interval(confusion) is None
    assert intervals.balanced_accuracy_interval(confusion) is None
    assert intervals.macro_f1_interval(confusion + np.diag([0, 1])) is not None


def test_a_class_without_images_and_predictions_does_not_matter():
    assert intervals.macro_f1_interval(np.diag([50, 0, 50])) == intervals.macro_f1_interval(np.diag([50, 50]))


def test_a_single_class_has_the_interval_of_its_share():
    assert intervals.macro_f1_interval(np.diag([50, 0])) == pytest.approx(intervals.wilson(50, 50))


def test_the_same_confusion_has_the_same_interval():
    confusion = np.array([[20, 3], [1, 25]])
    assert intervals.macro_f1_interval(confusion) == intervals.macro_f1_interval(confusion)


@pytest.mark.parametrize(("true", "false_alarms", "missed"), [(40, 5, 8), (9, 1, 0), (100, 50, 50)])
def test_the_interval_of_a_class_f1_contains_it(true, false_alarms, missed):
    low, high = intervals.f1_interval(true, true + missed, true + false_alarms)
    assert low < 2 * true / (2 * true + false_alarms + missed) < high


def test_the_f1_of_one_class_is_covered():
    generator = np.random.default_rng(0)
    inside = []
    for _ in range(400):
        true, false_alarms = generator.binomial(30, 0.9), generator.binomial(90, 0.03)
        low, high = intervals.f1_interval(true, 30, true + false_alarms)
        inside.append(low <= 2 * 27 / (27 + 2.7 + 30) <= high)
    assert np.mean(inside) >= 0.90


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_further_images_are_the_fewest_that_suffice(case):
    hits, images = case
    more = intervals.more_images_needed(hits, images)
    share = hits / images
    if more:
        assert width(share, images + more) <= 0.1 < width(share, images + more - 1)
    else:
        assert width(share, images) <= 0.1 + 1e-12


def width(share, images):
    low, high = intervals.wilson(share * images, images)
    return high - low


def test_without_any_image_the_worst_case_is_planned_for():
    assert intervals.more_images_needed(0, 0) == 381
