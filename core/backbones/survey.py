"""Measures every network of the zoo and writes `survey.json`. Worker only: imports Keras.

    python -m core.backbones.survey [NAME ...]

builds the named networks (all of them without names) with random weights, one at a time, and keeps what the file says
about the others. Run it after a change of the zoo, of the names of blocks, or of the Keras version.
"""

import gc
import json
import sys
from collections.abc import Sequence
from typing import Any
from unittest import mock

import keras

from core.backbones.graph import Place, ancestors, block_ends, layers_in_order
from core.backbones.network import architecture
from core.backbones.zoo import ENTRIES, SURVEY, BackboneSpec
from core.errors import RecipeError
from core.storage.atomic import atomic_path


def measure(entry: BackboneSpec) -> dict[str, Any]:
    """What the survey says about one network, as plain data."""
    model = architecture(entry)
    places = block_ends(model, entry.family)
    layers = layers_in_order(model, [[operation.name for operation in place.operations] for place in places])
    return {
        "weights_file": None if entry.function == "starter" else published_file(entry),
        "cuts": [_cut(place, layers) for place in places],
        "layer_parameters": [layer.count_params() for layer in layers],
        "layer_trainable": [sum(_size(weight) for weight in layer.trainable_weights) for layer in layers],
        "batch_norms": [i for i, layer in enumerate(layers) if isinstance(layer, keras.layers.BatchNormalization)],
    }


def _cut(place: Place, layers: Sequence[keras.Layer]) -> dict[str, Any]:
    before = ancestors(place.operations)
    frozen = [layer for layer in layers if id(layer) in before]
    return {
        "label": place.label,
        "tensors": [operation.name for operation in place.operations],
        "layers": len(frozen),
        "parameters": sum(layer.count_params() for layer in frozen),
        "shapes": [list(operation.output.shape[1:]) for operation in place.operations],
    }


def _size(weight: keras.Variable) -> int:
    return int(keras.ops.size(weight))


class _AskedFor(Exception):  # noqa: N818 - it carries an answer
    def __init__(self, name: str, url: str, checksum: str | None) -> None:
        super().__init__(name)
        self.file = {"name": name, "url": url, "checksum": checksum}


def published_file(entry: BackboneSpec) -> dict[str, Any]:
    """The file that `keras.applications` would download for this network: name, url, checksum."""

    def get_file(fname: str, origin: str, cache_subdir: str, file_hash: str | None = None) -> None:
        assert cache_subdir == "models"
        raise _AskedFor(fname, origin, file_hash)

    size = entry.input_size
    build = getattr(keras.applications, entry.function)
    with mock.patch("keras.src.utils.file_utils.get_file", get_file):
        try:
            build(include_top=False, weights="imagenet", input_shape=(size, size, 3), **entry.arguments)
        except _AskedFor as asked:
            return asked.file
    raise AssertionError(f"{entry.name} asked for no file")


def write_survey(names: Sequence[str]) -> None:
    """Measure these networks and write what is known about all of them, one network a line."""
    entries = {entry.name: entry for entry in ENTRIES}
    if unknown := set(names) - set(entries):
        raise RecipeError(f"There is no backbone named {min(unknown)!r}.")
    known = json.loads(SURVEY.read_text(encoding="utf-8")) if SURVEY.exists() else {}
    for name in names:
        known[name] = measure(entries[name])
        keras.backend.clear_session()
        gc.collect()
        ordered = {entry: known[entry] for entry in entries if entry in known}
        lines = [f"{json.dumps(entry)}: {json.dumps(found, separators=(',', ':'))}" for entry, found in ordered.items()]
        with atomic_path(SURVEY) as part:
            part.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
        sys.stderr.write(f"{name}: {len(known[name]['layer_parameters'])} layers, {len(known[name]['cuts'])} cuts\n")


if __name__ == "__main__":
    write_survey(sys.argv[1:] or [entry.name for entry in ENTRIES if entry.name != "Starter"])
