"""The learning curve finds how an error falls, and says what twice as many images are worth."""

import numpy as np
import pytest

from core.advice.learning_curve import Subsets, fit_learning_curve, fit_power_law, measure_subsets
from core.errors import DatasetError

SIZES = np.array([50.0, 100.0, 200.0, 400.0])


def test_an_inverse_power_law_is_found_again():
    true = 0.05 + 2 * SIZES**-0.5
    floor, slope, exponent = fit_power_law(SIZES, true[np.newaxis])
    assert (floor[0], slope[0], exponent[0]) == pytest.approx((0.05, 2, 0.5), abs=1e-6)


def test_an_error_that_does_not_fall_is_a_constant():
    floor, slope, _ = fit_power_law(SIZES, np.array([[0.2, 0.2, 0.2, 0.2], [0.1, 0.2, 0.3, 0.4]]))
    assert slope == pytest.approx([0, 0], abs=1e-9)
    assert floor[0] == pytest.approx(0.2)


def simulated(error, n: int = 500) -> Subsets:
    """Predictions whose error follows a law of the number of training images."""
    rng = np.random.default_rng(0)
    sizes = n * 0.8 * np.array([0.125, 0.25, 0.5, 1])
    hardness = rng.permutation(n) / n
    correct = np.stack([[hardness + rng.normal(0, 0.02, n) >= error(size) for _ in range(3)] for size in sizes])
    return Subsets(sizes, correct.astype(np.float64))


def fitted(measured: Subsets):
    n = measured.correct.shape[2]
    return fit_learning_curve(measured, np.arange(n) % 2, np.arange(n), ("ants", "bees"), network="Starter")


def test_the_interval_of_a_gain_has_the_true_gain():
    curve = fitted(simulated(lambda size: 2 * size**-0.5))
    true = 2 * 500**-0.5 - 2 * 1000**-0.5
    assert curve.gain.low <= true <= curve.gain.high
    assert curve.gain.low > 0
    assert not curve.enough
    assert "Twice as many photos are worth" in curve.sentence()
    assert {one.name for one in curve.classes} == {"ants", "bees"}


def test_enough_is_said_where_it_is_enough():
    curve = fitted(simulated(lambda _size: 0.1))
    assert curve.enough
    assert "500 images are enough" in curve.sentence()


def test_subsets_grow_and_have_every_class():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 20)
    features = (rng.normal(size=(60, 6)) + 2 * np.eye(6)[labels]).astype(np.float32)
    steps = []
    measured = measure_subsets(
        features, labels, np.arange(60), on_progress=lambda done, total: steps.append((done, total))
    )
    assert measured.sizes.tolist() == [6, 12, 24, 48]
    assert not np.isnan(measured.correct).any()
    assert steps[-1] == (60, 60)
    assert measured.correct[-1].mean() > measured.correct[0].mean()


def test_a_class_that_is_one_group_is_left_out_of_the_gains():
    labels, rng = np.repeat([0, 1, 2], 20), np.random.default_rng(0)
    groups = np.where(labels == 2, 100, np.arange(60))
    features = (rng.normal(size=(60, 6)) + 2 * np.eye(6)[labels]).astype(np.float32)
    measured = measure_subsets(features, labels, groups)
    curve = fit_learning_curve(measured, labels, groups, ("ants", "bees", "wasps"), network="Starter")
    assert {one.name for one in curve.classes} == {"ants", "bees"}
    assert 0 <= curve.gain.low <= curve.gain.high <= 1


def test_a_class_with_too_few_images_is_refused():
    labels = np.array([0] * 30 + [1] * 7)
    with pytest.raises(DatasetError, match="needs 8 images of every class, and one has 7"):
        measure_subsets(np.zeros((37, 2), np.float32), labels, np.arange(37))
