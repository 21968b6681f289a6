"""Calibration against published examples and synthetic models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from core.evaluation.metrics import calibration


def test_the_error_equals_a_published_example():
    """Nine images, five bins: Pavlovic, Expected Calibration Error, a step-by-step explanation (2023)."""
    first = np.array([0.78, 0.36, 0.08, 0.58, 0.49, 0.85, 0.30, 0.63, 0.17])
    true = np.array([0, 1, 0, 0, 0, 0, 1, 1, 1])
    confidence, predicted = np.maximum(first, 1 - first), (first < 0.5).astype(int)
    assert calibration.reliability(confidence, predicted == true, bins=5).error == pytest.approx(0.10444, abs=5e-6)


def test_the_error_equals_torchmetrics_documented_example():
    """Four images, three classes, three bins: documentation of `MulticlassCalibrationError`."""
    probabilities = np.array([[0.25, 0.20, 0.55], [0.55, 0.05, 0.40], [0.10, 0.30, 0.60], [0.90, 0.05, 0.05]])
    correct = probabilities.argmax(axis=1) == np.array([0, 1, 2, 0])
    assert calibration.reliability(probabilities.max(axis=1), correct, bins=3).error == pytest.approx(0.2)


def test_bins_count_every_image_once_edges_included():
    confidence = np.array([0.0, 0.1, 0.10001, 0.5, 1.0])
    bins = calibration.reliability(confidence, np.ones(5, bool))
    assert bins.counts.tolist() == [2, 1, 0, 0, 1, 0, 0, 0, 0, 1]


def overconfident(n_images, temperature, seed=0, n_classes=4):
    """Logits that are `temperature` times too large for how often they are right."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2, (n_images, n_classes))
    chosen = softmax(logits, axis=1).cumsum(axis=1) > generator.random((n_images, 1))
    return logits * temperature, chosen.argmax(axis=1)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_a_planted_temperature_is_found(temperature):
    logits, true = overconfident(20_000, temperature)
    assert calibration.fit_temperature(logits, true) == pytest.approx(temperature, rel=0.03)


def test_it_lowers_the_error_on_other_images():
    logits, true = overconfident(4000, 2.5)
    fitted = calibration.fit_temperature(logits[:2000], true[:2000])

    def error(values):
        probabilities = softmax(values, axis=1)
        return calibration.reliability(probabilities.max(axis=1), probabilities.argmax(axis=1) == true[2000:]).error

    assert error(logits[2000:] / fitted) < 0.5 * error(logits[2000:])


def mean_loss(logits, true):
    return -np.log(softmax(logits, axis=1)[np.arange(len(true)), true]).mean()


@pytest.mark.parametrize("temperature", [0.4, 2.5])
def test_a_hundred_images_correct_most_of_it(temperature):
    logits, true = overconfident(4100, temperature)
    fitted = calibration.fit_temperature(logits[:100], true[:100])
    without, with_it, best = (mean_loss(logits[100:] / t, true[100:]) for t in (1, fitted, temperature))
    assert with_it - best < (without - best) / 3


def test_calibrated_confidence_is_hardly_changed():
    rises = []
    for seed in range(40):
        logits, true = overconfident(2060, 1.0, seed)
        fitted = calibration.fit_temperature(logits[:60], true[:60])
        rises.append(mean_loss(logits[60:] / fitted, true[60:]) - mean_loss(logits[60:], true[60:]))
    assert np.mean(rises) < 0.003


def test_few_images_change_the_temperature_less_than_many():
    logits, true = overconfident(200, 2.5)
    few, many = calibration.fit_temperature(logits[:9], true[:9]), calibration.fit_temperature(logits, true)
    assert 1 < few < many


def test_few_images_without_mistakes_do_not_drive_the_confidence_to_1():
    logits = np.tile([2.0, 0.0, -1.0], (20, 1))
    temperature = calibration.fit_temperature(logits, np.zeros(20, int))
    assert softmax(logits, axis=1).max() < softmax(logits / temperature, axis=1).max() < 0.98


@pytest.mark.parametrize(("temperature", "noticeable"), [(1.0, False), (1.004, False), (0.98, True), (1.3, True)])
def test_unnoticeable_temperatures_are_not_applied(temperature, noticeable):
    assert calibration.is_noticeable(temperature) is noticeable


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.floats(calibration.COLDEST, calibration.HOTTEST))
def test_no_temperature_changes_the_predicted_class(seed, temperature):
    logits = np.random.default_rng(seed).normal(0, 3, (100, 7)).astype(np.float32)
    scaled = softmax((logits / np.float32(temperature)).astype(float), axis=1)
    np.testing.assert_array_equal(scaled.argmax(axis=1), logits.argmax(axis=1))
