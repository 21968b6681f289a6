"""The graph of a network's operations: what feeds what, and where it can be divided. Worker only: imports Keras.

It walks `model.operations`, not `model.layers`: the residual additions of ConvNeXt and the gates of MobileNetV3 are
operations without being layers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import keras

from core.backbones.blocks import STEM, WHOLE, block_of

PREPROCESSING_PREFIX = "preprocessing"
NEAR_BLOCKS = 3


def parents(operation: keras.Operation) -> list[keras.Operation]:
    """The operations whose outputs an operation takes, in the network it was first built in."""
    if isinstance(operation, keras.layers.InputLayer):
        return []
    return [tensor._keras_history.operation for tensor in keras.tree.flatten(operation.input)]


def ancestors(ends: Iterable[keras.Operation]) -> set[int]:
    """Ids of these operations and of everything that feeds them."""
    seen: set[int] = set()
    waiting = list(ends)
    while waiting:
        operation = waiting.pop()
        if id(operation) not in seen:
            seen.add(id(operation))
            waiting.extend(parents(operation))
    return seen


def divides(model: keras.Model, places: Sequence[keras.Operation]) -> bool:
    """Whether all that these operations and their ancestors hand on to the rest of the network are these outputs."""
    before = ancestors(places)
    crossing = {id(place) for place in places}
    return all(
        id(parent) in crossing or id(parent) not in before
        for operation in model.operations
        if id(operation) not in before
        for parent in parents(operation)
    )


def backbone_layers(model: keras.Model) -> list[keras.Layer]:
    """The layers of the network as `keras.applications` counts them: without the preprocessing put before it."""
    return [layer for layer in model.layers if not layer.name.startswith(PREPROCESSING_PREFIX)]


def layers_in_order(model: keras.Model, places: Sequence[Sequence[str]]) -> list[keras.Layer]:
    """The layers in the order in which they are frozen: all before the first cut, then all before the second, ...

    Within a cut, and in every network but NASNet altogether, that is the order of `model.layers`.

    Args:
        model: A backbone.
        places: Names of the crossing operations of each cut, from the input to the output.
    """
    named = {operation.name: operation for operation in model.operations}
    ordered: dict[int, keras.Layer] = {}
    for tensors in places:
        before = ancestors([named[name] for name in tensors])
        ordered |= {id(layer): layer for layer in backbone_layers(model) if id(layer) in before}
    return list(ordered.values())


@dataclass(frozen=True)
class Place:
    """The end of a block, found in a network: its words and the operations whose outputs cross there."""

    label: str
    operations: tuple[keras.Operation, ...]


def block_ends(model: keras.Model, family: str) -> list[Place]:
    """The ends of blocks where one tensor crosses, or two where no single one does; the last is the output.

    What holds no parameters yet is no block: there is nothing to freeze.
    """
    ends: list[Place] = []
    for label, operations in _blocks(model, family).items():
        place = _last_dividing(model, operations, [end.operations[0] for end in ends])
        if place and _has_parameters(model, place):
            ends.append(Place(label, place))
    output = model.output._keras_history.operation
    if ends and ends[-1].operations[0] is output:
        ends.pop()
    return [*ends, Place(WHOLE, (output,))]


def _has_parameters(model: keras.Model, place: Sequence[keras.Operation]) -> bool:
    before = ancestors(place)
    return any(layer.count_params() for layer in model.layers if id(layer) in before)


def _blocks(model: keras.Model, family: str) -> dict[str, list[keras.Operation]]:
    """Operations by block, the blocks from the input to the output.

    An operation without a telling name belongs to the latest block among those that feed it: a residual addition to
    the block that it ends, not to the one that its shortcut comes from.
    """
    blocks: dict[str, list[keras.Operation]] = {STEM: []}
    label_of: dict[int, str] = {}
    for operation in model.operations:
        feeding = [label_of[id(parent)] for parent in parents(operation)]
        latest = max(feeding, key=list(blocks).index, default=STEM)
        label = block_of(family, operation.name, latest)
        label_of[id(operation)] = label
        blocks.setdefault(label, []).append(operation)
    return blocks


def _last_dividing(
    model: keras.Model, operations: Sequence[keras.Operation], earlier: Sequence[keras.Operation]
) -> tuple[keras.Operation, ...] | None:
    for operation in reversed(operations):
        if divides(model, [operation]):
            return (operation,)
    for operation in reversed(operations):
        for other in reversed(earlier[-NEAR_BLOCKS:]):
            if divides(model, [operation, other]):
                return (operation, other)
    return None
