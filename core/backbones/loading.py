"""Loads the weights of a file into a built network. Worker only: imports Keras."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras

from core.backbones.graph import backbone_layers
from core.backbones.matching import WantedLayer, match_layers
from core.backbones.weights import STARTER_WEIGHTS
from core.backbones.weights_file import open_weights
from core.backbones.zoo import BackboneSpec


def load_weights(model: keras.Model, spec: BackboneSpec, path: Path) -> None:
    """Set all weights of a network from a file; a classification top in the file is ignored.

    Args:
        model: A network from `core.backbones.network.architecture`.
        spec: Its entry in the zoo.
        path: `.h5`, `.weights.h5` or `.keras`: of this network alone, with a top, or within a model trained by Graft.

    Raises:
        WeightsError: The file is damaged, cannot be trusted, or belongs to another network.
    """
    layers = dict(_with_weights(backbone_layers(model), "layers/"))
    wanted = [
        WantedLayer(layer.name, path_in_file, tuple(tuple(weight.shape) for weight in layer.weights))
        for path_in_file, layer in layers.items()
    ]
    with open_weights(path, trusted=path == STARTER_WEIGHTS) as stored:
        found = match_layers(wanted, stored.layers, network=spec.name, family=spec.family, file_name=path.name)
        for layer, arrays in zip(layers.values(), stored.read(found), strict=True):
            layer.set_weights(arrays)
            if isinstance(layer, keras.layers.Normalization):
                layer.finalize_state()


def _with_weights(layers: Sequence[keras.Layer], container: str) -> Iterator[tuple[str, keras.Layer]]:
    """Layers that have weights, each with the path at which Keras 3 stores it."""
    counts: dict[str, int] = {}
    for layer in layers:
        kind = snake_case(layer.__class__.__name__)
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        path = f"{container}{kind}_{number}" if number else container + kind
        if isinstance(layer, keras.Model):
            yield from _with_weights(layer.layers, f"{path}/layers/")
        elif layer.weights:
            yield path, layer


def snake_case(name: str) -> str:
    """The name of a class as Keras uses it in names of layers and in files, e.g. `batch_normalization`."""
    spaced = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", spaced).lower()
