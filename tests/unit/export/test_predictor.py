"""The predictor gives the predictions of the exported file."""

import json
import shutil
import time

import keras
import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError, NotFoundError, RecipeError, WeightsError
from core.evaluation.inference.predictions import read_predictions
from core.export.predictor import Predictor
from core.training.recipe import RECIPE_FILE, Recipe, dump_recipe

# Keras' own way of reading variables, while it saves a model, with NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def predictor(evaluated):
    return Predictor(evaluated.out / "model.keras")


def test_predictions_are_those_of_the_report(predictor, evaluated):
    table = read_predictions(evaluated.out / "predictions.csv")
    answers = predictor.predict([evaluated.originals.path(digest) for digest in table.digests])
    np.testing.assert_allclose(answers, table.probabilities, atol=1e-6)


def test_paths_and_arrays_of_any_size_can_be_mixed(predictor, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    answers = predictor.predict([pixels, tmp_path / "picture.png", str(tmp_path / "picture.png"), pixels[:20]])
    assert answers.shape == (4, 3)
    np.testing.assert_allclose(answers[1], answers[0], atol=1e-6)
    np.testing.assert_allclose(answers.sum(axis=1), 1)


def test_no_images_give_no_predictions(predictor):
    assert predictor.predict([]).shape == (0, 3)


def test_classes_are_those_of_the_labels(predictor):
    assert predictor.classes == ("red", "green", "blue")


def test_a_warm_predictor_answers_within_a_second(predictor):
    picture = np.zeros((600, 800, 3), np.uint8)
    started = time.process_time()
    predictor.predict([picture])
    assert time.process_time() - started < 1


def test_distances_and_threshold_are_given(predictor, evaluated):
    familiar = [evaluated.originals.path(digest) for digest in evaluated.manifest.digests[:9]]
    judged = predictor.predict_batch(familiar)
    assert judged.distances.shape == (9,)
    assert judged.threshold == evaluated.report.ood.threshold


def test_without_features_there_is_no_threshold(evaluated, tmp_path):
    for name in ("model.keras", "labels.json"):
        shutil.copy(evaluated.out / name, tmp_path)
    judged = Predictor(tmp_path / "model.keras").predict_batch([np.zeros((9, 9, 3), np.uint8)])
    assert (judged.distances, judged.threshold) == (None, None)


@pytest.mark.parametrize(("background", "strongest"), [("#c81e1e", "red"), ("#1e1ec8", "blue")])
def test_transparent_images_lie_on_the_background_of_the_recipe(evaluated, tmp_path, background, strongest):
    for name in ("model.keras", "labels.json"):
        shutil.copy(evaluated.out / name, tmp_path)
    (tmp_path / RECIPE_FILE).write_text(dump_recipe(Recipe(background=background)), encoding="utf-8")
    Image.new("RGBA", (40, 40), (0, 200, 0, 0)).save(tmp_path / "clear.png")
    on_background = Predictor(tmp_path / "model.keras")
    (answer,) = on_background.predict([tmp_path / "clear.png"])
    assert on_background.classes[answer.argmax()] == strongest


def test_without_a_recipe_they_lie_on_white(evaluated, tmp_path):
    for name in ("model.keras", "labels.json"):
        shutil.copy(evaluated.out / name, tmp_path)
    Image.new("RGBA", (40, 40), (0, 200, 0, 0)).save(tmp_path / "clear.png")
    clear, white = Predictor(tmp_path / "model.keras").predict(
        [tmp_path / "clear.png", np.full((40, 40, 3), 255, np.uint8)]
    )
    np.testing.assert_array_equal(clear, white)


def test_a_damaged_recipe_beside_the_model_is_refused(evaluated, tmp_path):
    for name in ("model.keras", "labels.json"):
        shutil.copy(evaluated.out / name, tmp_path)
    (tmp_path / RECIPE_FILE).write_text("half", encoding="utf-8")
    with pytest.raises(RecipeError, match=r"^The recipe is not JSON"):
        Predictor(tmp_path / "model.keras")


def test_a_file_that_is_no_image_is_named(predictor, tmp_path):
    (tmp_path / "notes.jpg").write_text("no picture")
    with pytest.raises(ImageError, match=r"^notes\.jpg cannot be read as an image\."):
        predictor.predict([tmp_path / "notes.jpg"])


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"^There is no model .*none\.keras\."):
        Predictor(tmp_path / "none.keras")


def test_missing_labels_are_named(evaluated, tmp_path):
    shutil.copy(evaluated.out / "model.keras", tmp_path)
    with pytest.raises(NotFoundError, match=r"^There is no labels\.json beside the model\."):
        Predictor(tmp_path / "model.keras")


@pytest.mark.parametrize("labels", ["broken", json.dumps(["red", "green"]), "{}"])
def test_labels_of_another_model_are_refused(labels, evaluated, tmp_path):
    shutil.copy(evaluated.out / "model.keras", tmp_path)
    (tmp_path / "labels.json").write_text(labels)
    with pytest.raises(WeightsError, match=r"^labels\.json does not name the model's 3 classes\."):
        Predictor(tmp_path / "model.keras")


def test_a_foreign_model_is_refused(tmp_path):
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(tmp_path / "model.keras")
    with pytest.raises(WeightsError, match="not one that Graft exported"):
        Predictor(tmp_path / "model.keras")
