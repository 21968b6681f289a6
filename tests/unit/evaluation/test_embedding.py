"""The out-of-distribution threshold refuses outliers, and the map is a PCA."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from core.dataset.manifest import TEST, TRAIN, VALIDATION
from core.errors import InputError, NotFoundError
from core.evaluation.metrics.embedding import (
    FEATURES_FILE,
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
def embedding():
    """Three classes of 40 images in each split."""
    features = np.concatenate([around(CENTRES, 40, seed) for seed in range(3)])
    splits = np.repeat(np.array([TRAIN, VALIDATION, TEST], np.int8), 120)
    return make_embedding([f"{row:064x}" for row in range(360)], splits, features)


def test_outliers_are_refused_and_familiar_images_are_not(embedding):
    outliers = around(np.eye(20)[[10]] * 10, 100, 9)
    familiar = around(CENTRES, 40, 10)
    assert np.mean(embedding.distances(outliers) > embedding.threshold) > 0.99
    assert np.mean(embedding.distances(familiar) > embedding.threshold) < 0.10


def test_the_threshold_refuses_the_chosen_share_of_validation(embedding, true):
    ood = measure_ood(embedding, true, CLASSES)
    assert ood.refused_validation <= 0.06
    assert ood.refused_test < 0.15
    assert ood.threshold == embedding.threshold


def test_a_left_out_class_is_refused(embedding, true):
    assert measure_ood(embedding, true, CLASSES).accepted_held_out == {"a": 0.0, "b": 0.0, "c": 0.0}


def test_each_of_two_classes_is_left_out_too(embedding, true):
    rows = true < 2
    pair = make_embedding(np.array(embedding.digests)[rows], embedding.splits[rows], embedding.features[rows])
    assert measure_ood(pair, true[rows], CLASSES[:2]).accepted_held_out == {"a": 0.0, "b": 0.0}


def test_a_left_out_class_like_another_is_accepted(embedding, true):
    halves = np.arange(len(true)) % 2  # each of the three kinds of images in both classes
    accepted = measure_ood(embedding, halves, CLASSES[:2]).accepted_held_out
    assert min(accepted.values()) > 0.8


def test_the_scale_of_features_does_not_matter(embedding):
    asked = around(CENTRES, 2, 3)
    np.testing.assert_allclose(embedding.distances(asked), embedding.distances(100 * asked), atol=1e-3)


def test_zero_features_stay_zero():
    assert normalised(np.zeros((1, 4))).tolist() == [[0, 0, 0, 0]]


def test_it_reads_back_equal(embedding, tmp_path):
    write_embedding(embedding, tmp_path)
    again = read_embedding(tmp_path)
    assert (again.digests, again.threshold) == (embedding.digests, embedding.threshold)
    for field in ("splits", "features", "map", "explained"):
        np.testing.assert_array_equal(getattr(again, field), getattr(embedding, field))


def test_a_run_without_features_says_so(tmp_path):
    with pytest.raises(NotFoundError, match=r"^This run has no features\. Evaluate it again\."):
        read_embedding(tmp_path)


def test_damaged_features_are_refused(tmp_path):
    (tmp_path / FEATURES_FILE).write_bytes(b"no archive")
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
