"""McNemar's test on the images that two runs share."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from core.dataset.manifest import TEST, TRAIN
from core.evaluation.inference.predictions import Predictions
from core.evaluation.metrics.mcnemar import compare, mcnemar


def answers(true, predicted, classes=("a", "b"), first=0, split=TEST):
    return Predictions(
        classes=classes,
        digests=tuple(f"{first + row:064x}" for row in range(len(true))),
        names=tuple(f"{row}.jpg" for row in range(len(true))),
        splits=np.full(len(true), split, np.int8),
        true=np.array(true),
        probabilities=np.eye(len(classes))[predicted],
    )


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_equals_scipys_exact_binomial_test(repaired, broken):
    expected = binomtest(repaired, repaired + broken).pvalue if repaired + broken else 1.0
    assert mcnemar(repaired, broken) == pytest.approx(expected, rel=1e-9)


def test_thousands_of_changes_are_no_problem():
    assert 0 < mcnemar(2600, 2400) < 0.01


def test_repaired_and_broken_images_are_counted():
    found = compare(answers([0, 0, 1, 1], [0, 1, 0, 1]), answers([0, 0, 1, 1], [0, 0, 1, 0]))
    assert (found.images, found.before, found.after) == (4, 0.5, 0.75)
    assert found.repaired == (f"{1:064x}", f"{2:064x}")
    assert found.broken == (f"{3:064x}",)


def test_a_small_difference_may_be_chance_and_a_large_one_is_significant():
    true = [0] * 60
    before = answers(true, [1] * 20 + [0] * 40)
    small, large = (answers(true, [1] * wrong + [0] * (60 - wrong)) for wrong in (16, 5))
    assert not compare(before, small).significant
    assert compare(before, small).describe() == (
        "On the same 60 test images with the same labels, the accuracy was 66.7% before and 73.3% after: 4 "
        "repaired and 0 broken, which may be chance (McNemar's test, p = 0.12)."
    )
    assert compare(before, large).significant
    assert "more than chance explains" in compare(before, large).describe()


def test_relabelled_images_do_not_count():
    before, after = answers([0, 0, 1], [0, 0, 1]), answers([0, 1, 1], [0, 0, 1])
    assert compare(before, after).images == 2


def test_classes_are_compared_by_name():
    before, after = answers([0, 1], [0, 1]), answers([1, 0], [1, 0], classes=("b", "a"))
    assert compare(before, after).images == 2


def test_images_that_moved_to_another_split_do_not_count():
    before = answers([0, 1, 1], [0, 1, 1])
    after = replace(before, splits=np.array([TEST, TRAIN, TEST], np.int8))
    assert compare(before, after).images == 2


def test_runs_without_a_common_image_cannot_be_compared():
    assert compare(answers([0], [0]), answers([0], [0], first=9)) is None


def test_two_equal_runs_do_not_differ():
    run = answers([0, 1], [0, 0])
    assert (compare(run, run).p_value, compare(run, run).significant) == (1.0, False)
