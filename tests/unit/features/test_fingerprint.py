"""Fingerprints are equal for equal networks and differ for anything that changes the activations."""

import keras
import numpy as np
import pytest

from core.features.fingerprint import fingerprint
from tests.unit.features.small_networks import small_network


def fingerprint_of(network: keras.Model, **changes) -> str:
    return fingerprint(network, **({"size": 32, "resize": "crop", "precision": "float32"} | changes))


def test_names_that_keras_numbers_do_not_matter():
    assert fingerprint_of(small_network()) == fingerprint_of(small_network())


def test_other_weights_have_another_fingerprint():
    assert fingerprint_of(small_network(seed=1)) != fingerprint_of(small_network())


def test_one_changed_weight_has_another_fingerprint():
    network = small_network()
    before = fingerprint_of(network)
    kernel = network.weights[0].numpy()
    kernel.flat[0] += 1e-6
    network.weights[0].assign(kernel)
    assert fingerprint_of(network) != before


@pytest.mark.parametrize(
    "change", [{"size": 33}, {"resize": "pad"}, {"precision": "bfloat16"}, {"background": "#000000"}]
)
def test_the_preparation_of_the_images_matters(change):
    network = small_network()
    assert fingerprint_of(network, **change) != fingerprint_of(network)


def test_pooling_matters():
    assert fingerprint_of(small_network(pooled=False)) != fingerprint_of(small_network())


def test_preprocessing_matters():
    network = small_network()
    before = fingerprint_of(network)
    network.layers[1].offset = -0.5
    assert fingerprint_of(network) != before


def test_trainable_flags_do_not_matter():
    network = small_network()
    before = fingerprint_of(network)
    network.layers[2].trainable = False
    network.layers[3].trainable = False
    assert fingerprint_of(network) == before


def test_compiling_does_not_matter():
    network = small_network()
    before = fingerprint_of(network)
    network.compile("adam", "mse")
    assert fingerprint_of(network) == before


def test_the_same_layers_in_another_order_have_another_fingerprint():
    def network(*activations: str) -> keras.Model:
        pixels = keras.Input((32, 32, 3), name="pixels")
        x = pixels
        for activation in activations:
            x = keras.layers.Activation(activation, name=activation)(x)
        return keras.Model(pixels, x)

    assert fingerprint_of(network("relu", "tanh")) != fingerprint_of(network("tanh", "relu"))


def test_a_part_of_a_network_has_its_own_fingerprint():
    network = small_network()
    part = keras.Model(network.inputs, network.layers[3].output)
    assert fingerprint_of(part) != fingerprint_of(network)
    assert fingerprint_of(part) == fingerprint_of(keras.Model(network.inputs, network.layers[3].output))
    assert np.isfinite(part.predict(np.zeros((1, 32, 32, 3)), verbose=0)).all()
