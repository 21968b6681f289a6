"""Intervals of shares that were measured on groups."""

import numpy as np
import pytest

from core.advice.estimate import grouped_mean, grouped_share
from core.evaluation.metrics.intervals import wilson

RIGHT = np.array([1.0] * 30 + [0.0] * 10)


def test_images_that_stand_alone_have_wilsons_interval():
    found = grouped_share(RIGHT, np.arange(40))
    assert (found.low, found.high) == pytest.approx(wilson(30, 40), abs=0.005)


def test_frames_of_one_burst_are_one_witness():
    bursts = grouped_share(np.repeat(RIGHT, 5), np.repeat(np.arange(40), 5))
    single = grouped_share(RIGHT, np.arange(40))
    assert (bursts.value, bursts.low, bursts.high) == pytest.approx((single.value, single.low, single.high))


def test_no_mistakes_are_not_certainty():
    found = grouped_share(np.ones(40), np.repeat(np.arange(10), 4))
    assert (found.low, found.high) == pytest.approx(wilson(10, 10))


def test_one_group_tells_next_to_nothing():
    assert grouped_share(np.ones(40), np.zeros(40, np.int64)).low < 0.3
    assert grouped_mean(np.ones(40) / 2, np.zeros(40, np.int64)).low == -1


def test_the_interval_holds_what_it_promises():
    random, groups = np.random.default_rng(0), np.repeat(np.arange(30), 6)
    held = 0
    for _ in range(400):
        of_group = random.beta(0.8 * 3, 0.2 * 3, 30)
        found = grouped_share((random.random(180) < of_group[groups]).astype(float), groups)
        held += found.low <= 0.8 <= found.high
    assert 0.92 <= held / 400 <= 0.99


def test_the_mean_of_differences_has_students_interval():
    found = grouped_mean(np.array([0.1, 0.2, 0.3, 0.4]), np.arange(4))
    # By hand: mean 0.25, standard error 0.0645, t with 3 degrees of freedom 3.182.
    assert (found.value, found.low, found.high) == pytest.approx((0.25, 0.0446, 0.4554), abs=1e-3)
