"""Measures the networks of the zoo and writes `survey.json`. Worker only: imports Keras.

    python -m core.backbones.survey [NAME ...]

builds the named networks, or all of them, with random weights and updates their entries. Run it after a change of the
zoo, of the names of blocks, or of the Keras version.
"""

import gc
import json
import sys
from collections.abc import Sequence
from typing import Any

import keras

from core.backbones.graph import BlockEnd, Graph, block_ends, layers_in_order
from core.backbones.network import architecture
from core.backbones.zoo import ENTRIES, SURVEY, BackboneSpec
from core.compat import intercept_keras_downloads
from core.errors import RecipeError
from core.storage.atomic import atomic_path


def measure(entry: BackboneSpec) -> dict[str, Any]:
    """The entry of one network in the survey, as plain data."""
    model = architecture(entry)
    graph = Graph(model)
    ends = block_ends(model, entry.family)
    layers = layers_in_order(model, [[operation.name for operation in end.operations] for end in ends])
    return {
        "weights_file": None if entry.function == "starter" else published_file(entry),
        "cuts": [_cut(end, graph, layers) for end in ends],
        "layer_parameters": [layer.count_params() for layer in layers],
        "layer_trainable": [sum(_size(weight) for weight in layer.trainable_weights) for layer in layers],
        "batch_norms": [i for i, layer in enumerate(layers) if isinstance(layer, keras.layers.BatchNormalization)],
    }


def _cut(end: BlockEnd, graph: Graph, layers: Sequence[keras.Layer]) -> dict[str, Any]:
    before = graph.ancestors(end.operations)
    frozen = [layer for layer in layers if id(layer) in before]
    return {
        "label": end.label,
        "tensors": [operation.name for operation in end.operations],
        "layers": len(frozen),
        "parameters": sum(layer.count_params() for layer in frozen),
        "shapes": [list(operation.output.shape[1:]) for operation in end.operations],
    }


def _size(weight: keras.Variable) -> int:
    return int(keras.ops.size(weight))


class _DownloadRequested(Exception):  # noqa: N818 - it carries the result
    def __init__(self, name: str, url: str, checksum: str | None) -> None:
        super().__init__(name)
        self.file = {"name": name, "url": url, "checksum": checksum}


def published_file(entry: BackboneSpec) -> dict[str, Any]:
    """Name, URL and checksum of the file that `keras.applications` downloads for this network."""

    def get_file(fname: str, origin: str, cache_subdir: str, file_hash: str | None = None) -> None:
        assert cache_subdir == "models"
        raise _DownloadRequested(fname, origin, file_hash)

    size = entry.input_size
    build = getattr(keras.applications, entry.function)
    with intercept_keras_downloads(get_file):
        try:
            build(include_top=False, weights="imagenet", input_shape=(size, size, 3), **entry.arguments)
        except _DownloadRequested as request:
            return request.file
    raise AssertionError(f"{entry.name} requested no file")


def write_survey(names: Sequence[str]) -> None:
    """Measure these networks and write the survey of all networks, one network per line."""
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
