"""The new layers on top of a backbone. Worker only: imports Keras."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import keras

from core.training.recipe import Head

POOLING: Final = "pooling"
LOGITS: Final = "logits"
PROBABILITIES: Final = "probabilities"


@dataclass(frozen=True)
class ClassificationHead:
    """The head's layers; calling them on several tensors shares their weights.

    Attributes:
        pooling: (batch, height, width, channels) -> (batch, channels).
        dense: (batch, channels) -> (batch, classes) logits, in this order.
    """

    pooling: keras.layers.Layer
    dense: tuple[keras.layers.Layer, ...]

    def pool(self, backbone: keras.Model) -> keras.Model:
        """The backbone with its last output pooled: the frozen prefix of feature extraction."""
        return keras.Model(backbone.input, self.pooling(backbone.output), name=f"{backbone.name}_pooled")

    def on_features(self, channels: int) -> keras.Model:
        """The head alone, on pooled features."""
        features = keras.Input((channels,), name="features")
        return keras.Model(features, call_in_turn(self.dense, features), name="head")

    def on_top(self, below: keras.Model) -> keras.Model:
        """A network that ends in feature maps, with the head behind it."""
        inputs = below.inputs if len(below.inputs) > 1 else below.inputs[0]
        return keras.Model(inputs, call_in_turn((self.pooling, *self.dense), below.output), name="trained")


def build_head(head: Head, *, channels: int, classes: int, seed: int) -> ClassificationHead:
    """Make the new layers, with weights that depend on the seed alone.

    Args:
        head: The choices.
        channels: Features that the backbone gives.
        classes: Classes to tell apart.
        seed: Of the weights and of the dropout.
    """
    kinds = {"average": keras.layers.GlobalAveragePooling2D, "max": keras.layers.GlobalMaxPooling2D}
    dense: list[keras.layers.Layer] = []
    if head.hidden_units is not None:
        hidden = _dense(head.hidden_units, "hidden", "relu", keras.initializers.GlorotUniform(seed=seed + 1))
        dense += [*_dropout(head, "hidden_dropout", seed + 1), hidden]
    # The last layer starts from zeros: random numbers would stay where no training image leads, and speak at test time.
    dense += [*_dropout(head, "dropout", seed), _dense(classes, LOGITS, None, "zeros")]
    layers = ClassificationHead(kinds[head.pooling](name=POOLING), tuple(dense))
    layers.on_features(channels)  # builds their weights
    return layers


def call_in_turn(layers: Sequence[keras.layers.Layer], tensor: keras.KerasTensor) -> keras.KerasTensor:
    """Call each layer on what the one before it gave."""
    return reduce(lambda given, layer: layer(given), layers, tensor)


def _dropout(head: Head, name: str, seed: int) -> list[keras.layers.Layer]:
    return [keras.layers.Dropout(head.dropout, seed=seed, name=name)] if head.dropout else []


def _dense(
    units: int, name: str, activation: str | None, initializer: str | keras.initializers.Initializer
) -> keras.layers.Layer:
    return keras.layers.Dense(units, activation=activation, kernel_initializer=initializer, name=name)
