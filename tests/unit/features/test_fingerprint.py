"""Addresses of activations: the same for the same network, another for anything that matters."""

import keras
import numpy as np
import pytest

from core.features.fingerprint import fingerprint
from tests.unit.features.drawn import small_network


def address(network: keras.Model, **changes) -> str:
    return fingerprint(network, **({"size": 32, "resize": "crop", "precision": "float32"} | changes))


def test_names_that_keras_counts_up_do_not_matter():
    assert address(small_network()) == address(small_network())


def test_other_weights_have_another_address():
    assert address(small_network(seed=1)) != address(small_network())


def test_one_changed_weight_has_another_address():
    network = small_network()
    before = address(network)
    kernel = network.weights[0].numpy()
    kernel.flat[0] += 1e-6
    network.weights[0].assign(kernel)
    assert address(network) != before


@pytest.mark.parametrize(
    "change", [{"size": 33}, {"resize": "pad"}, {"precision": "bfloat16"}, {"background": "#000000"}]
)
def test_the_way_of_the_image_matters(change):
    network = small_network()
    assert address(network, **change) != address(network)


def test_pooling_matters():
    assert address(small_network(pooled=False)) != address(small_network())


def test_preprocessing_matters():
    network = small_network()
    before = address(network)
    network.layers[1].offset = -0.5
    assert address(network) != before


def test_what_is_trainable_does_not_matter():
    network = small_network()
    before = address(network)
    network.layers[2].trainable = False
    network.layers[3].trainable = False
    assert address(network) == before


def test_compiling_does_not_matter():
    network = small_network()
    before = address(network)
    network.compile("adam", "mse")
    assert address(network) == before


def test_the_same_layers_in_another_order_have_another_address():
    def network(*activations: str) -> keras.Model:
        pixels = keras.Input((32, 32, 3), name="pixels")
        x = pixels
        for activation in activations:
            x = keras.layers.Activation(activation, name=activation)(x)
        return keras.Model(pixels, x)

    assert address(network("relu", "tanh")) != address(network("tanh", "relu"))


def test_a_part_of_a_network_has_its_own_address():
    network = small_network()
    part = keras.Model(network.inputs, network.layers[3].output)
    assert address(part) != address(network)
    assert address(part) == address(keras.Model(network.inputs, network.layers[3].output))
    assert np.isfinite(part.predict(np.zeros((1, 32, 32, 3)), verbose=0)).all()
