"""The serving model gives the same predictions in every way it can be called or loaded."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from core.dataset.pixels import load_image, load_square
from core.storage.blobs import OriginalStore
from core.training.recipe import MODEL_FILE, Augmentation, Backbone, Head, Phase
from core.training.serving import save_model, set_temperature
from core.training.train import train
from tests.unit.training.drawn_images import small_recipe

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

SIZES = ((60, 44), (97, 150))
EPOCH = Phase(epochs=1, learning_rate=1e-3)
RECIPES = {
    "feature-extraction": small_recipe(head_phase=EPOCH, head=Head(hidden_units=8, pooling="max")),
    "partial": small_recipe(
        strategy="partial", cut="block 3", head_phase=EPOCH, fine_tune_phase=EPOCH, resize="pad", batch_norm="trained"
    ),
    "full": small_recipe(strategy="full", head_phase=EPOCH, fine_tune_phase=EPOCH, resize="stretch"),
    "scratch": small_recipe(
        strategy="scratch",
        backbone=Backbone(name="Starter", weights="none", input_size=32),
        head_phase=EPOCH,
        augmentation=Augmentation(views=1),
    ),
}
# Knows Keras and TensorFlow alone, none of this project.
FRESH_PROCESS = """
import json, sys
import keras, numpy as np, tensorflow as tf
folder, answers = sys.argv[1], {}
images = np.load(f"{folder}/images.npz")
for name in sys.argv[2:]:
    model = keras.saving.load_model(f"{folder}/{name}/model.keras")
    loaded = tf.saved_model.load(f"{folder}/{name}/saved")  # holds the variables for as long as it lives
    served = loaded.serve
    answers[name] = [[a.tolist() for a in (model(x).numpy(), model.predict(x, verbose=0), served(x).numpy())]
                     for x in (images[key] for key in sorted(images.files))]
assert not any(module == "core" or module.startswith("core.") for module in sys.modules)
json.dump(answers, open(f"{folder}/answers.json", "w"))
"""


def photographs() -> list[np.ndarray]:
    random = np.random.default_rng(3)
    return [random.integers(0, 256, (2, *size, 3), dtype=np.uint8) for size in SIZES]


@pytest.fixture(scope="module")
def runs(drawn, tmp_path_factory) -> Path:
    """A folder of one finished run a strategy."""
    settings, manifest = drawn
    folder = tmp_path_factory.mktemp("runs")
    for name, recipe in RECIPES.items():
        train(
            recipe,
            manifest,
            originals=OriginalStore(settings.originals, settings.thumbnails),
            settings=settings,
            emit=lambda _event: None,
            should_stop=lambda: False,
            out=folder / name,
        )
    return folder


def load(runs: Path, name: str) -> keras.Model:
    return keras.saving.load_model(runs / name / MODEL_FILE)


@pytest.fixture(scope="module")
def answers(runs: Path) -> dict[str, list[list[np.ndarray]]]:
    """What a fresh process answers for each run and size: called, predicted, and as a SavedModel."""
    np.savez(runs / "images.npz", *photographs())
    for name in RECIPES:
        load(runs, name).export(runs / name / "saved", verbose=False)
    subprocess.run([sys.executable, "-c", FRESH_PROCESS, runs, *RECIPES], cwd=runs, check=True, timeout=250)
    return json.loads((runs / "answers.json").read_text())


@pytest.mark.parametrize("name", RECIPES)
def test_call_predict_and_saved_model_agree(name, runs, answers):
    model = load(runs, name)
    for images, elsewhere in zip(photographs(), answers[name], strict=True):
        called = model(images).numpy()
        np.testing.assert_allclose(called.sum(axis=1), 1, atol=1e-5)
        for other in elsewhere:
            np.testing.assert_allclose(called, other, atol=1e-4)


@pytest.mark.parametrize("name", RECIPES)
def test_photographs_are_resized_as_in_training(name, runs, drawn):
    settings, manifest = drawn
    recipe, model = RECIPES[name], load(runs, name)
    store = OriginalStore(settings.originals, settings.thumbnails)
    for digest in manifest.digests[:4]:
        photograph = load_image(store.path(digest))[np.newaxis]
        square = load_square(store.path(digest), 32, recipe.resize)[np.newaxis]
        np.testing.assert_allclose(model(photograph).numpy(), model(square).numpy(), atol=5e-3)


def test_a_temperature_divides_the_logits(runs):
    model = load(runs, "partial")
    images = photographs()[0]
    before = model(images).numpy()
    set_temperature(model, 2.0)
    softened = np.sqrt(before) / np.sqrt(before).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model(images).numpy(), softened, atol=1e-5)


def test_a_model_that_cannot_be_written_leaves_the_old_one(runs, monkeypatch):
    model, path = load(runs, "full"), runs / "full" / MODEL_FILE
    before = path.read_bytes()

    def half(_self: keras.Model, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.Model, "save", half)
    with pytest.raises(Exception, match="The disk is full"):
        save_model(model, ["a", "b", "c"], path.parent)
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} >= {MODEL_FILE, "labels.json"}
    assert not [file for file in path.parent.iterdir() if file.name.startswith(".")]
