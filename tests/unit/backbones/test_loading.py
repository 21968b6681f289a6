"""Weights are loaded from every kind of file that Keras writes; weights of other networks are rejected."""

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from core.backbones.matching import WantedLayer, match_layers
from core.backbones.network import build
from core.backbones.weights_file import StoredArray, StoredLayer
from core.backbones.zoo import BACKBONES
from core.errors import WeightsError

# Keras saves variables in a way that NumPy deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

TINY = BACKBONES["MobileNet025"]
SHAPE = (32, 32, 3)


def keras_network(**options: object) -> keras.Model:
    network = keras.applications.MobileNet(
        alpha=0.25, weights=None, **{"include_top": False, "input_shape": SHAPE, **options}
    )
    for number, weight in enumerate(network.weights):
        weight.assign(np.full(weight.shape, 0.01 + number / 1000))
    return network


def with_head(network: keras.Model) -> keras.Model:
    """As an exported model: any image in, probabilities out, the network as one layer among others."""
    image = keras.Input((None, None, 3), dtype="uint8")
    x = keras.layers.Rescaling(1 / 127.5, -1)(keras.ops.cast(image, "float32"))
    x = keras.layers.Resizing(32, 32)(x)
    x = keras.layers.GlobalAveragePooling2D()(network(x, training=False))
    return keras.Model(image, keras.layers.Dense(3, activation="softmax")(keras.layers.Dropout(0.2)(x)))


def loaded(file: Path, spec=TINY) -> keras.Model:
    return build(spec, weights="file", weights_file=file, keras_home=file.parent, input_size=spec.min_size)


def assert_loaded(file: Path, network: keras.Model) -> None:
    model = loaded(file)
    for layer in network.layers:
        if layer.weights and layer.name in {ours.name for ours in model.layers}:
            for ours, theirs in zip(model.get_layer(layer.name).get_weights(), layer.get_weights(), strict=True):
                np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", ["weights.h5", "weights.weights.h5", "weights.keras"])
def test_weights_of_the_network_alone_are_loaded(tmp_path: Path, name: str) -> None:
    network = keras_network()
    (network.save_weights if name.endswith(".weights.h5") else network.save)(tmp_path / name)
    assert_loaded(tmp_path / name, network)


@pytest.mark.parametrize("name", ["weights.h5", "weights.weights.h5", "weights.keras"])
def test_weights_with_the_classification_top_are_loaded(tmp_path: Path, name: str) -> None:
    network = keras_network(include_top=True, input_shape=(224, 224, 3), classes=10)
    (network.save_weights if name.endswith(".weights.h5") else network.save)(tmp_path / name)
    assert_loaded(tmp_path / name, network)


@pytest.mark.parametrize("name", ["model.h5", "model.weights.h5", "model.keras"])
def test_weights_inside_of_an_exported_model_are_loaded(tmp_path: Path, name: str) -> None:
    network = keras_network()
    model = with_head(network)
    (model.save_weights if name.endswith(".weights.h5") else model.save)(tmp_path / name)
    assert_loaded(tmp_path / name, network)


def test_layers_without_names_are_matched_by_path(tmp_path: Path) -> None:
    network = keras_network()
    with_head(network).save_weights(tmp_path / "old.weights.h5")
    with h5py.File(tmp_path / "old.weights.h5", "a") as file:
        file.visititems(lambda _, found: found.attrs.pop("name", None) and None)
    assert_loaded(tmp_path / "old.weights.h5", network)


def test_half_precision_is_converted_to_single(tmp_path: Path) -> None:
    network = keras_network()
    network.save_weights(tmp_path / "half.weights.h5")
    with h5py.File(tmp_path / "half.weights.h5", "a") as file:
        kernel = file["layers/conv2d/vars"]
        values = kernel["0"][()]
        del kernel["0"]
        kernel["0"] = values.astype("float16")
    found = loaded(tmp_path / "half.weights.h5").get_layer("conv1").get_weights()[0]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, values, rtol=1e-3)


@pytest.mark.data
@pytest.mark.parametrize("name", ["MobileNet025", "MobileNetV2", "MobileNetV2_050_96"])
def test_published_weights_are_found_where_keras_looks(keras_home: Path, name: str) -> None:
    spec = BACKBONES[name]
    model = build(spec, weights="imagenet", keras_home=keras_home)
    original = getattr(keras.applications, spec.function)(
        include_top=False, weights=None, input_shape=(spec.input_size, spec.input_size, 3), **spec.arguments
    )
    original.load_weights(keras_home / "models" / spec.weights_file.name)
    image = np.random.default_rng(0).uniform(0, 255, (1, spec.input_size, spec.input_size, 3)).astype("float32")
    expected = original(image / 127.5 - 1).numpy()
    assert np.abs(model(image).numpy() - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.data
def test_published_weights_with_and_without_top_are_the_same(sample_data: Path) -> None:
    with_top, without = (
        loaded(sample_data / "weights" / f"mobilenet_2_5_224_tf{suffix}.h5").get_weights() for suffix in ("", "_no_top")
    )
    for one, other in zip(with_top, without, strict=True):
        np.testing.assert_array_equal(one, other)


def test_weights_of_another_width_are_rejected_with_the_first_layer_that_differs(tmp_path: Path) -> None:
    keras.applications.MobileNet(alpha=0.5, weights=None, include_top=False).save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(WeightsError) as caught:
        loaded(tmp_path / "w.weights.h5")
    assert caught.value.sentence == (
        "The weights in w.weights.h5 belong to another network than MobileNet025: its layer conv1 has weights of "
        "3x3x3x8, and layer conv1 of the file has 3x3x3x16."
    )


def stored(*layers: tuple[str, tuple[int, ...]]) -> list[StoredLayer]:
    return [
        StoredLayer(name, f"{name or number}/", (StoredArray("array", shape, "<f4"),))
        for number, (name, shape) in enumerate(layers)
    ]


WANTED = [WantedLayer(f"block{n}_conv1", f"layers/conv2d_{n}", ((3, n),)) for n in (1, 2)]
MINE = (("block1_conv1", (3, 1)), ("block2_conv1", (3, 2)))


def match(*layers: tuple[str, tuple[int, ...]]) -> list[str]:
    return [
        layer.name for layer in match_layers(WANTED, stored(*layers), network="VGG16", family="VGG", file_name="w.h5")
    ]


def rejection(*layers: tuple[str, tuple[int, ...]]) -> str:
    with pytest.raises(WeightsError) as caught:
        match(*layers)
    return caught.value.sentence


def test_layers_are_matched_by_name_in_any_order() -> None:
    assert match(("predictions", (2, 2)), *reversed(MINE)) == ["block1_conv1", "block2_conv1"]


def test_layers_with_other_names_are_matched_by_order() -> None:
    assert match(("a", (3, 1)), ("b", (3, 2)), ("top", (9, 9))) == ["a", "b"]


def test_weights_of_a_deeper_network_are_rejected() -> None:
    assert "it has 2 layers with weights, and the file has 3" in rejection(*MINE, ("block3_conv1", (3, 3)))


def test_too_many_remaining_layers_are_no_head() -> None:
    assert "it has 2 layers with weights, and the file has 9" in rejection(
        *MINE, *((f"d{n}", (1, 1)) for n in range(7))
    )


def test_too_few_layers_are_rejected() -> None:
    assert "it has 2 layers with weights, and the file has 1" in rejection(MINE[0])


def test_the_message_names_a_layer_without_a_name_by_its_path() -> None:
    assert "its layer block2_conv1 has weights of 3x2, and the layer at 1/ of the file has 7" in rejection(
        ("", (3, 1)), ("", (7,))
    )
