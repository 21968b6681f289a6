"""The cache key of activations: a hash of everything that decides their values. Worker only: imports Keras."""

import hashlib
import json
from typing import Any, Final

import keras
import numpy as np

from core.dataset import pixels
from core.intake.decode_rgb import WHITE

# Increase it when the same network gives other activations, or when their storage format changes.
VERSION: Final = 1

Json = dict[str, Any] | list[Any] | str | float | bool | None


def fingerprint(
    prefix: keras.Model,
    *,
    size: int,
    resize: str,
    precision: str,
    background: str = WHITE,
    bit_depth: int | None = None,
) -> str:
    """Hash a network with its weights and the preparation of its images.

    Equal networks have the same fingerprint in every process: names, which Keras numbers, and the `trainable` flags are
    left out. The preprocessing and the pooling are part of the network.

    Args:
        prefix: A functional model of pixels.
        size: Side of the square images.
        resize: How an image is made square.
        precision: Precision of the computation.
        background: Colour behind transparent pixels, `#rrggbb`.
        bit_depth: Bits of integers of more than 8 bits; None to choose them for each image.

    Returns:
        64 hexadecimal digits.
    """
    graph = json.loads(prefix.to_json())["config"]  # without the compile configuration
    names: dict[str, int] = {}
    _find_names(graph, names)
    facts = [VERSION, pixels.VERSION, size, resize, precision, _canonical(graph, names)]
    if background != WHITE:  # white is left out, so caches from before it could be chosen stay valid
        facts.append(background)
    if bit_depth is not None:  # likewise
        facts.append(bit_depth)
    digest = hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=32)
    for variable in prefix.weights:
        values = np.ascontiguousarray(variable.numpy())
        digest.update(f"{values.dtype} {values.shape}".encode())
        digest.update(values.data if values.size else b"")
    return digest.hexdigest()


def _find_names(node: Json, names: dict[str, int]) -> None:
    """Number the names of layers and models in the order of the graph."""
    if isinstance(node, list):
        for child in node:
            _find_names(child, names)
    elif isinstance(node, dict):
        if "class_name" in node and "inbound_nodes" in node:
            names.setdefault(str(node.get("name")), len(names))
        for child in node.values():
            _find_names(child, names)


def _canonical(node: Json, names: dict[str, int]) -> Json:
    """The graph with numbers instead of names, and without settings that do not affect its values."""
    if isinstance(node, list):
        return [_canonical(child, names) for child in node]
    if not isinstance(node, dict):
        return node
    if "layers" in node and "output_layers" in node:
        node = {**node, "name": None}
    return {
        key: _number(child, names) if key in _NAMING else _canonical(child, names)
        for key, child in node.items()
        if key != "trainable"
    }


_NAMING: Final = frozenset({"name", "keras_history", "input_layers", "output_layers"})


def _number(node: Json, names: dict[str, int]) -> Json:
    if isinstance(node, list):
        return [_number(child, names) for child in node]
    return names.get(node, node) if isinstance(node, str) else node
