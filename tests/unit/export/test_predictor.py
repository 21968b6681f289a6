"""The predictor gives the predictions of the exported file."""

import json
import shutil
import time
import zipfile

import keras
import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError, InputError, NotFoundError, RecipeError, RunStopped, WeightsError
from core.evaluation.inference.predictions import read_predictions
from core.export.ood import read_reference
from core.export.predictor import Predictor, locate_model
from core.intake import rejection_messages
from core.training.recipe import RECIPE_FILE, Recipe, dump_recipe
from core.use.input_files import InputFile, InputFiles
from core.use.predict_files import predict_files

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


@pytest.fixture
def bundle(evaluated, tmp_path):
    """A zip with what a bundle has for a model."""
    read_reference(evaluated.out).write(tmp_path)
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("model.keras", "labels.json", "recipe.json"):
            packed.write(evaluated.out / name, name)
        packed.write(tmp_path / "ood.npz", "ood.npz")
    return path


def test_a_bundle_gives_the_same_answers_and_distances(predictor, evaluated, bundle):
    pictures = [evaluated.originals.path(digest) for digest in evaluated.manifest.digests[:5]]
    with locate_model(bundle) as model:
        bundled = Predictor(model).predict_batch(pictures)
    there = predictor.predict_batch(pictures)
    np.testing.assert_array_equal(bundled.probabilities, there.probabilities)
    np.testing.assert_allclose(bundled.distances, there.distances, atol=1e-6)
    assert bundled.threshold == there.threshold


@pytest.mark.parametrize(("name", "packed", "message"), [
    ("other.zip", "notes.txt", "holds no model.keras"), ("broken.zip", None, "cannot be unpacked"),
])  # fmt: skip
def test_a_zip_that_is_no_bundle_is_named(tmp_path, name, packed, message):
    (tmp_path / name).write_bytes(b"no zip")
    if packed:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(packed, "")
    with pytest.raises(WeightsError, match=f"{name} {message}"), locate_model(tmp_path / name):
        pass


def test_a_bundle_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"There is no model .*none\.zip"), locate_model(tmp_path / "none.zip"):
        pass


def test_damaged_distances_of_a_bundle_are_named(evaluated, tmp_path):
    for name in ("model.keras", "labels.json"):
        shutil.copy(evaluated.out / name, tmp_path)
    (tmp_path / "ood.npz").write_bytes(b"half")
    with pytest.raises(InputError, match=r"^ood\.npz cannot be read\. Export the model again\."):
        Predictor(tmp_path / "model.keras")


def test_many_files_get_the_answers_that_each_gets_alone(predictor, evaluated, tmp_path):
    """Odd files among them: turned, CMYK, 16 bits, transparent; a broken one has its reason."""
    noise = np.random.default_rng(1).integers(0, 256, (60, 90, 3), np.uint8)
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(noise).save(tmp_path / "turned.jpg", exif=turned)
    Image.fromarray(noise).convert("CMYK").save(tmp_path / "cmyk.jpg")
    Image.fromarray(noise[:, :, 0].astype(np.uint16) * 257).save(tmp_path / "deep.png")
    Image.fromarray(noise).convert("RGBA").save(tmp_path / "clear.png")
    (tmp_path / "broken.png").write_bytes(b"no image")
    for number in range(40):  # more than a batch
        shutil.copy(evaluated.originals.path(evaluated.manifest.digests[number % 9]), tmp_path / f"{number}.png")
    with InputFiles([tmp_path]) as files:
        found = list(predict_files(predictor, files.read(), len(files)))
        assert [one.name for one in found] == [file.name for file in files.read()]
    (broken,) = (one for one in found if one.probabilities is None)
    assert (broken.name, broken.error) == ((tmp_path / "broken.png").as_posix(), rejection_messages.NOT_AN_IMAGE)
    good = [one for one in found if one.probabilities is not None]
    alone = predictor.predict_batch([tmp_path / one.name for one in good])
    np.testing.assert_allclose([one.probabilities for one in good], alone.probabilities, atol=1e-5)
    assert [one.is_ood for one in good] == [alone.is_ood(row) for row in range(len(good))]
    sizes = {one.name.rpartition("/")[2]: (one.width, one.height) for one in good}
    assert (sizes["turned.jpg"], sizes["cmyk.jpg"]) == ((60, 90), (90, 60))


def test_files_without_any_image_have_their_reasons(predictor):
    files = [InputFile("a", None, "It is a link."), InputFile("b", None, "It is empty.")]
    assert [one.error for one in predict_files(predictor, files, 2)] == ["It is a link.", "It is empty."]


def test_a_prediction_is_stopped_between_files(predictor):
    with pytest.raises(RunStopped, match=r"^The prediction was stopped\."):
        list(predict_files(predictor, [InputFile("a", None, "empty")], 1, should_stop=lambda: True))


def test_a_stop_after_the_last_file_leaves_nothing(predictor):
    found = []
    for one in predict_files(predictor, [InputFile("a", None, "empty")], 1, should_stop=lambda: bool(found)):
        found.append(one)
    assert [one.error for one in found] == ["empty"]
