"""Matches the layers of a weights file to the layers of a network, and detects weights of another network.

Free of frameworks. Three ways are tried, the most reliable first: by the names of the layers; by the paths that Keras 3
gives them (class and number), at any depth of the file; and by their order, as Keras reads its older files. The
remaining layers of the file must be a head.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.backbones.blocks import block_of
from core.backbones.weights_file import StoredLayer, format_shapes
from core.errors import WeightsError

# The largest tops of keras.applications have three layers with weights; other heads may have more.
MAX_HEAD_LAYERS = 6


@dataclass(frozen=True)
class WantedLayer:
    """A layer of the network that has weights.

    Attributes:
        name: Its name.
        path: The path at which Keras 3 would store it, e.g. `layers/conv2d_3`.
        shapes: Shape of each of its weights.
    """

    name: str
    path: str
    shapes: tuple[tuple[int, ...], ...]


def match_layers(
    wanted: Sequence[WantedLayer], stored: Sequence[StoredLayer], *, network: str, family: str, file_name: str
) -> list[StoredLayer]:
    """Find the stored layer of each wanted layer.

    Args:
        wanted: Layers of the network, from the input to the output.
        stored: Layers of the file, in its order.
        network: Name of the network, for the message.
        family: Its family, which decides whether a name belongs to the backbone or to a head.
        file_name: For the message.

    Raises:
        WeightsError: The weights belong to another network; names the first layer that differs.
    """
    for found in (_by_name(wanted, stored), *_by_path(wanted, stored), _by_order(wanted, stored)):
        if found and _same_shapes(wanted, found) and _rest_is_a_head(found, stored, family):
            return found
    raise WeightsError(
        f"The weights in {file_name} belong to another network than {network}: {_difference(wanted, stored)}.",
        "Choose the network that they were saved from, or another file.",
    )


def _by_name(wanted: Sequence[WantedLayer], stored: Sequence[StoredLayer]) -> list[StoredLayer]:
    named = {layer.name: layer for layer in stored}
    found = [named[layer.name] for layer in wanted if layer.name in named]
    return found if len(found) == len(wanted) else []


def _by_path(wanted: Sequence[WantedLayer], stored: Sequence[StoredLayer]) -> Iterator[list[StoredLayer]]:
    placed = {layer.path: layer for layer in stored}
    for container in _containers(placed):
        if all(container + layer.path in placed for layer in wanted):
            yield [placed[container + layer.path] for layer in wanted]


def _containers(paths: Mapping[str, object]) -> list[str]:
    """What can precede `layers/`: nothing, or the path of a nested model."""
    found = {path[: place.start()] for path in paths for place in re.finditer("layers/", path)}
    return sorted(found, key=len)


def _by_order(wanted: Sequence[WantedLayer], stored: Sequence[StoredLayer]) -> list[StoredLayer]:
    return list(stored[: len(wanted)]) if len(stored) >= len(wanted) else []


def _same_shapes(wanted: Sequence[WantedLayer], found: Sequence[StoredLayer]) -> bool:
    return all(want.shapes == have.shapes for want, have in zip(wanted, found, strict=True))


def _rest_is_a_head(found: Sequence[StoredLayer], stored: Sequence[StoredLayer], family: str) -> bool:
    matched = {layer.path for layer in found}
    rest = [layer for layer in stored if layer.path not in matched]
    return len(rest) <= MAX_HEAD_LAYERS and not any(block_of(family, layer.name, "") for layer in rest)


def _difference(wanted: Sequence[WantedLayer], stored: Sequence[StoredLayer]) -> str:
    named = {layer.name: layer for layer in stored if layer.name}
    common = [(want, named[want.name]) for want in wanted if want.name in named]
    pairs = common or list(zip(wanted, stored, strict=False))
    for want, have in pairs:
        if want.shapes != have.shapes:
            where = f"layer {have.name}" if have.name else f"the layer at {have.path}"
            return (
                f"its layer {want.name} has weights of {format_shapes(want.shapes)}, "
                f"and {where} of the file has {format_shapes(have.shapes)}"
            )
    return f"it has {len(wanted)} layers with weights, and the file has {len(stored)}"
