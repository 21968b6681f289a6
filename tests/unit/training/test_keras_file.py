"""A `.keras` file leaves out what earlier versions of Keras refuse, and loads as before."""

import json
import zipfile

import keras
import numpy as np
import pytest

from core.training.keras_file import NEW_OPTIONS, save_keras

# Keras' own way of reading variables, while it saves a model, with NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def small_model(*, renorm: bool = False) -> keras.Model:
    image = keras.Input((8, 8, 3), dtype="uint8")
    pixels = keras.ops.round(keras.ops.cast(image, "float32"))
    features = keras.layers.BatchNormalization(renorm=renorm)(keras.layers.Conv2D(4, 3)(pixels))
    return keras.Model(image, keras.layers.Dense(2)(keras.layers.Flatten()(features)))


def options_in(path) -> list[tuple[str, str]]:
    """Name and options of everything in the file that has options."""
    with zipfile.ZipFile(path) as archive:
        nodes, found = [json.loads(archive.read("config.json"))], []
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            found += [(node.get("class_name", ""), name) for name in (node.get("config") or ()) if "module" in node]
            nodes += node.values()
        elif isinstance(node, list):
            nodes += node
    return found


def test_options_that_keras_3_10_does_not_know_are_left_out(tmp_path):
    model = small_model()
    save_keras(model, tmp_path / "model.keras")
    found = options_in(tmp_path / "model.keras")
    assert not {name for _, name in found} & NEW_OPTIONS.keys()
    assert not {("Cast", "name"), ("Round", "name")} & set(found)
    assert ("Conv2D", "name") in found
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    np.testing.assert_array_equal(loaded(pixels), model(pixels))
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


def test_an_option_that_was_chosen_stays(tmp_path):
    save_keras(small_model(renorm=True), tmp_path / "model.keras")
    assert ("BatchNormalization", "renorm") in options_in(tmp_path / "model.keras")
