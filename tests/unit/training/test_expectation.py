"""Fine-tuning that is expected not to help is recognised before it starts."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from core.training.expectation import expect_fine_tuning
from core.training.recipe import Backbone, Recipe

RANDOM = np.random.default_rng(0)
TRAINED = (RANDOM.normal(size=8), RANDOM.normal(size=8), RANDOM.normal(size=8), RANDOM.uniform(0.5, 2, 8))
FOLDED = (np.ones(8), RANDOM.normal(size=8), np.zeros(8), np.full(8, 0.999))


def weights_file(folder: Path, *batch_norms: tuple[np.ndarray, ...]) -> Path:
    """Write weights as Keras 3 does: a convolution, then layers of batch normalisation."""
    with h5py.File(folder / "mine.weights.h5", "w") as file:
        file["layers/conv2d/vars/0"] = RANDOM.normal(size=(3, 3, 3, 8))
        for number, arrays in enumerate(batch_norms):
            for index, array in enumerate(arrays):
                file[f"layers/batch_normalization_{number}/vars/{index}"] = array
    return folder / "mine.weights.h5"


def recipe_with(file: Path, strategy: str = "full") -> Recipe:
    return Recipe(backbone=Backbone(name="Starter", weights="file", weights_file=str(file)), strategy=strategy)


def test_weights_with_folded_batch_normalisation_are_recognised(tmp_path):
    expected = expect_fine_tuning(recipe_with(weights_file(tmp_path, FOLDED, FOLDED[1:])), tmp_path)
    assert expected.code == "folded-batch-norm"
    assert "the batch normalisation of these weights of Starter was folded into" in expected.sentence


@pytest.mark.parametrize("batch_norms", [(), (TRAINED,), (FOLDED, TRAINED)], ids=["none", "trained", "one trained"])
def test_nothing_is_known_against_other_weights(batch_norms, tmp_path):
    assert expect_fine_tuning(recipe_with(weights_file(tmp_path, *batch_norms)), tmp_path) is None


def test_feature_extraction_and_random_weights_are_not_concerned(tmp_path):
    file = weights_file(tmp_path, FOLDED)
    assert expect_fine_tuning(recipe_with(file, "feature-extraction"), tmp_path) is None
    assert expect_fine_tuning(Recipe(backbone=Backbone(weights="none"), strategy="scratch"), tmp_path) is None


def test_weights_that_changed_are_read_again(tmp_path):
    assert expect_fine_tuning(recipe_with(weights_file(tmp_path, FOLDED)), tmp_path) is not None
    assert expect_fine_tuning(recipe_with(weights_file(tmp_path, TRAINED, TRAINED)), tmp_path) is None


@pytest.mark.parametrize("content", [None, b"no weights"])
def test_weights_that_cannot_be_read_are_reported_when_they_are_loaded(content, tmp_path):
    if content is not None:
        (tmp_path / "mine.weights.h5").write_bytes(content)
    assert expect_fine_tuning(recipe_with(tmp_path / "mine.weights.h5"), tmp_path) is None


@pytest.mark.data
@pytest.mark.parametrize(("name", "is_folded"), [("MobileNetV2", True), ("MobileNet025", False)])
def test_published_weights(name, is_folded, keras_home):
    expected = expect_fine_tuning(Recipe(backbone=Backbone(name=name), strategy="partial"), keras_home)
    assert (expected is not None) == is_folded
