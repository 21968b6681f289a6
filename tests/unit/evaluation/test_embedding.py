"""What is like nothing that was learned is refused, and the map shows the largest differences."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from core.dataset.manifest import TEST, TRAIN, VALIDATION
from core.errors import InputError, NotFoundError
from core.evaluation.metrics.embedding import (
    FILE_NAME,
    make_embedding,
    measure_ood,
    normalised,
    principal_components,
    read_embedding,
    write_embedding,
)

CLASSES = ("a", "b", "c")
CENTRES = np.eye(3, 20) * 10


def around(centres, images, seed):
    generator = np.random.default_rng(seed)
    return np.repeat(centres, images, axis=0) + generator.normal(0, 1, (len(centres) * images, centres.shape[1]))


@pytest.fixture(scope="module")
def true():
    return np.tile(np.repeat(np.arange(3), 40), 3)


@pytest.fixture(scope="module")
def space():
    """Three classes of 40 images in each split."""
    features = np.concatenate([around(CENTRES, 40, seed) for seed in range(3)])
    splits = np.repeat(np.array([TRAIN, VALIDATION, TEST], np.int8), 120)
    return make_embedding([f"{row:064x}" for row in range(360)], splits, features)


def test_strangers_are_refused_and_friends_are_not(space):
    strangers = around(np.eye(20)[[10]] * 10, 100, 9)
    friends = around(CENTRES, 40, 10)
    assert np.mean(space.distances(strangers) > space.threshold) > 0.99
    assert np.mean(space.distances(friends) > space.threshold) < 0.10


def test_the_cost_on_validation_is_what_was_asked_for(space, true):
    unknown = measure_ood(space, true, CLASSES)
    assert unknown.refused_validation <= 0.06
    assert unknown.refused_test < 0.15
    assert unknown.threshold == space.threshold


def test_a_class_that_was_left_out_is_a_stranger(space, true):
    assert measure_ood(space, true, CLASSES).accepted_held_out == {"a": 0.0, "b": 0.0, "c": 0.0}


def test_of_two_classes_each_is_left_out_as_well(space, true):
    rows = true < 2
    pair = make_embedding(np.array(space.digests)[rows], space.splits[rows], space.features[rows])
    assert measure_ood(pair, true[rows], CLASSES[:2]).accepted_held_out == {"a": 0.0, "b": 0.0}


def test_classes_that_look_the_same_are_no_strangers_to_each_other(space, true):
    halves = np.arange(len(true)) % 2  # each of the three kinds of images in both classes
    accepted = measure_ood(space, halves, CLASSES[:2]).accepted_held_out
    assert min(accepted.values()) > 0.8


def test_the_scale_of_features_does_not_matter(space):
    asked = around(CENTRES, 2, 3)
    np.testing.assert_allclose(space.distances(asked), space.distances(100 * asked), atol=1e-3)


def test_features_of_nothing_stay_nothing():
    assert normalised(np.zeros((1, 4))).tolist() == [[0, 0, 0, 0]]


def test_it_reads_back_equal(space, tmp_path):
    write_embedding(space, tmp_path)
    again = read_embedding(tmp_path)
    assert (again.digests, again.threshold) == (space.digests, space.threshold)
    for field in ("splits", "features", "map", "explained"):
        np.testing.assert_array_equal(getattr(again, field), getattr(space, field))


def test_a_run_without_features_says_so(tmp_path):
    with pytest.raises(NotFoundError, match=r"^This run has no features\. Evaluate it again\."):
        read_embedding(tmp_path)


def test_damaged_features_are_refused(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"^features\.npz cannot be read\."):
        read_embedding(tmp_path)


@pytest.mark.parametrize("shape", [(50, 300), (300, 40), (5, 2)])
def test_the_map_equals_scikit_learns_pca(shape):
    generator = np.random.default_rng(0)
    data = (generator.normal(size=shape) * np.geomspace(3, 0.1, shape[1])).astype(np.float32)
    coordinates, shares = principal_components(data)
    reference = PCA(2).fit(data)
    for axis, expected in enumerate(reference.transform(data).T):
        sign = np.sign(coordinates[:, axis] @ expected)
        np.testing.assert_allclose(coordinates[:, axis], sign * expected, atol=0.02 * np.abs(expected).max())
    np.testing.assert_allclose(shares, reference.explained_variance_ratio_, rtol=1e-3)


def test_a_map_of_a_single_feature_has_one_axis():
    coordinates, shares = principal_components(np.array([[1.0], [2.0], [4.0]], np.float32))
    assert coordinates[:, 1].tolist() == [0, 0, 0]
    assert shares == pytest.approx([1, 0])
