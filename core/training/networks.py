"""The networks of a run: the backbone divided by the plan, and the classification head on top. Worker only: Keras."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from pathlib import Path
from typing import Final

import keras

from core.backbones.network import build, freeze, split
from core.backbones.weights import DownloadProgress, available, download, weights_path
from core.backbones.zoo import BackboneSpec, find_backbone
from core.training.plan import Plan, PlannedPhase
from core.training.recipe import Backbone, Head, Recipe

# Names of the head's layers in the exported model.
POOLING: Final = "pooling"
LOGITS: Final = "logits"
PROBABILITIES: Final = "probabilities"
# Momentum of trained batch normalisation. A run has hundreds of steps: with MobileNetV2's momentum of 0.999 the moving
# statistics would hardly change.
MOMENTUM: Final = 0.9


@dataclass(frozen=True)
class ClassificationHead:
    """The layers of the head; calling them on several tensors shares their weights.

    Attributes:
        pooling: (batch, height, width, channels) -> (batch, channels).
        dense: (batch, channels) -> (batch, classes) logits, in this order.
    """

    pooling: keras.layers.Layer
    dense: tuple[keras.layers.Layer, ...]

    def pool(self, backbone: keras.Model) -> keras.Model:
        """The backbone with its output pooled: the frozen prefix of feature extraction."""
        return keras.Model(backbone.input, self.pooling(backbone.output), name=f"{backbone.name}_pooled")

    def on_features(self, channels: int) -> keras.Model:
        """The head as a model of pooled features."""
        features = keras.Input((channels,), name="features")
        return keras.Model(features, apply_layers(self.dense, features), name="head")

    def on_top(self, network: keras.Model) -> keras.Model:
        """A network that ends in feature maps, with the head on top."""
        inputs = network.inputs if len(network.inputs) > 1 else network.inputs[0]
        return keras.Model(inputs, apply_layers((self.pooling, *self.dense), network.output), name="trained")


def build_head(head: Head, *, channels: int, classes: int, seed: int) -> ClassificationHead:
    """Build the head, with initial weights that depend on the seed alone.

    Args:
        head: The choices.
        channels: Channels of the backbone's output.
        classes: Number of classes.
        seed: Of the weights and the dropout.
    """
    kinds = {"average": keras.layers.GlobalAveragePooling2D, "max": keras.layers.GlobalMaxPooling2D}
    dense: list[keras.layers.Layer] = []
    if head.hidden_units is not None:
        hidden = _dense(head.hidden_units, "hidden", "relu", keras.initializers.GlorotUniform(seed=seed + 1))
        dense += [*_dropout(head, "hidden_dropout", seed + 1), hidden]
    # Random initial weights would survive in directions that no training image spans, and add noise at test time.
    dense += [*_dropout(head, "dropout", seed), _dense(classes, LOGITS, None, "zeros")]
    layers = ClassificationHead(kinds[head.pooling](name=POOLING), tuple(dense))
    layers.on_features(channels)  # creates the weights
    return layers


def apply_layers(layers: Sequence[keras.layers.Layer], tensor: keras.KerasTensor) -> keras.KerasTensor:
    """Apply the layers to a tensor, one after the other."""
    return reduce(lambda output, layer: layer(output), layers, tensor)


@dataclass(frozen=True)
class Networks:
    """A backbone and its head.

    Attributes:
        plan: Which layers are frozen and which are trained.
        backbone: Pixels -> feature maps.
        head: The classification head.
    """

    plan: Plan
    backbone: keras.Model
    head: ClassificationHead

    def prefix(self, phase: PlannedPhase) -> keras.Model | None:
        """The frozen network that runs once per image in a phase; None where the steps read pixels."""
        if phase.reads == "features":
            return self.head.pool(self.backbone)
        return split(self.backbone, self.plan.cut).prefix

    def trained(self, phase: PlannedPhase) -> keras.Model:
        """The network that a phase trains, output of the prefix -> logits, with its other layers frozen."""
        if phase.reads == "features":
            return self.head.on_features(self.backbone.output.shape[-1])
        freeze(self.backbone, self.plan.spec, self.plan.frozen_layers, self.plan.batch_norm)
        if self.plan.batch_norm == "trained":
            _lower_momentum(self.backbone)
        suffix = split(self.backbone, self.plan.cut).suffix
        assert suffix is not None, "a plan that trains no layer of the backbone has no such phase"
        return self.head.on_top(suffix)


def prepare(recipe: Recipe, plan: Plan, *, classes: int, keras_home: Path, on_download: DownloadProgress) -> Networks:
    """Build the networks with their initial weights.

    Args:
        recipe: Every choice.
        plan: The plan made from the recipe.
        classes: Number of classes.
        keras_home: Folder whose `models` holds ImageNet weights.
        on_download: Receives the bytes done and the total while weights are downloaded.

    Raises:
        WeightsError: The file is damaged, is no weights file or belongs to another network.
        NetworkError: The weights are missing and could not be downloaded.
    """
    choice = recipe.backbone
    if choice.weights == "imagenet" and not available(plan.spec, keras_home):
        download(plan.spec, keras_home, on_download)
    path = _weights_path(choice, plan.spec, keras_home)
    modified = path.stat().st_mtime_ns if path is not None and path.exists() else 0
    # No phase changes the backbone in feature extraction, so the next run can reuse it.
    make = _build_cached if recipe.strategy == "feature-extraction" else _build
    backbone = make(choice, plan.input_size, recipe.seed if choice.weights == "none" else 0, keras_home, modified)
    head = build_head(recipe.head, channels=backbone.output.shape[-1], classes=classes, seed=recipe.seed)
    return Networks(plan, backbone, head)


def _weights_path(choice: Backbone, spec: BackboneSpec, keras_home: Path) -> Path | None:
    if choice.weights == "none":
        return None
    return Path(choice.weights_file) if choice.weights_file is not None else weights_path(spec, keras_home)


def _build(choice: Backbone, size: int, seed: int, keras_home: Path, _modified: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    file = Path(choice.weights_file) if choice.weights_file is not None else None
    return build(
        find_backbone(choice.name),
        weights=choice.weights,
        keras_home=keras_home,
        weights_file=file,
        input_size=size,
    )


@lru_cache(maxsize=1)
def _build_cached(choice: Backbone, size: int, seed: int, keras_home: Path, modified: int) -> keras.Model:
    """Build the backbone, or reuse the last one: building it takes longer than training a head."""
    return _build(choice, size, seed, keras_home, modified)


def _lower_momentum(backbone: keras.Model) -> None:
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            layer.momentum = min(layer.momentum, MOMENTUM)


def _dropout(head: Head, name: str, seed: int) -> list[keras.layers.Layer]:
    return [keras.layers.Dropout(head.dropout, seed=seed, name=name)] if head.dropout else []


def _dense(
    units: int, name: str, activation: str | None, initializer: str | keras.initializers.Initializer
) -> keras.layers.Layer:
    return keras.layers.Dense(units, activation=activation, kernel_initializer=initializer, name=name)
