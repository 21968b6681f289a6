"""Mistakes, confused pairs and baselines."""

import time

import numpy as np
import pytest
from scipy.special import softmax

from core.evaluation.inference.predictions import Predictions
from core.evaluation.metrics import baselines, mistakes
from core.evaluation.metrics.classification import confusion_matrix


def mistakes_of(true, probabilities):
    true, probabilities = np.array(true), np.array(probabilities, float)
    n_images, n_classes = probabilities.shape
    test = Predictions(
        classes=tuple("abcdefgh"[:n_classes]),
        digests=tuple(f"{row:064x}" for row in range(n_images)),
        names=tuple(f"{row}.jpg" for row in range(n_images)),
        splits=np.full(n_images, 2, np.int8),
        true=true,
        probabilities=probabilities,
    )
    return mistakes.find_mistakes(test, confusion_matrix(test.true, test.predicted, n_classes))


def test_a_confident_mistake_comes_first():
    found = mistakes_of([0, 0, 1], [[0.6, 0.4], [0.01, 0.99], [0.3, 0.7]])
    worst = found.top_losses[0]
    assert (found.wrong, worst.name, worst.true, worst.predicted) == (1, "1.jpg", "a", "b")
    assert (worst.confidence, worst.loss) == (0.99, pytest.approx(-np.log(0.01)))


def test_the_smallest_margin_is_the_most_uncertain():
    found = mistakes_of([0, 0, 1], [[0.6, 0.4], [0.01, 0.99], [0.49, 0.51]])
    assert [seen.name for seen in found.most_uncertain] == ["2.jpg", "0.jpg", "1.jpg"]


def test_confused_pairs_are_counted_one_way_each():
    pairs = mistakes.confused_pairs(("a", "b", "c"), np.array([[5, 2, 0], [3, 5, 0], [0, 1, 5]]))
    assert [(pair.true, pair.predicted, pair.images) for pair in pairs] == [("b", "a", 3), ("a", "b", 2), ("c", "b", 1)]


def test_lists_are_bounded():
    generator = np.random.default_rng(0)
    found = mistakes_of(generator.integers(0, 8, 500), softmax(generator.normal(0, 1, (500, 8)), axis=1))
    assert len(found.top_losses) == len(found.most_uncertain) == mistakes.LENGTH


def test_confused_classes_are_neighbours():
    confusion = np.diag([10] * 6)
    for first, second in ((0, 3), (3, 5), (1, 4)):
        confusion[first, second] = confusion[second, first] = 4
    order = mistakes.similarity_order(confusion)
    place = {index: order.index(index) for index in range(6)}
    assert sorted(order) == list(range(6))
    assert abs(place[0] - place[3]) == abs(place[3] - place[5]) == abs(place[1] - place[4]) == 1


def test_a_perfect_matrix_keeps_its_order():
    assert mistakes.similarity_order(np.diag([3, 4, 5])) == (0, 1, 2)


def test_a_hundred_classes_are_ordered_at_once():
    confusion = np.random.default_rng(0).integers(0, 5, (100, 100))
    started = time.process_time()
    assert sorted(mistakes.similarity_order(confusion)) == list(range(100))
    assert time.process_time() - started < 1


def test_nearest_pixels_tell_classes_of_different_brightness_apart():
    labels = np.array([1, 1, 1, 0, 0, 1, 0, 1])
    noise = np.random.default_rng(0).integers(0, 30, (8, 16, 16, 3))
    pixels = (labels[:, None, None, None] * 200 + noise).astype(np.uint8)
    found = baselines.measure_baselines(
        ("dark", "light"), train=(pixels[:5], labels[:5]), test=(pixels[5:], labels[5:])
    )
    assert found.largest_class == "light"
    assert found.largest_class_accuracy == pytest.approx(2 / 3)
    assert found.nearest_pixels_accuracy == 1
