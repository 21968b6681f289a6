"""The graph of a network's operations: what feeds what, and where it can be divided. Worker only: imports Keras.

It contains `model.operations` and not only `model.layers`: the residual additions of ConvNeXt and the gates of
MobileNetV3 are operations without being layers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import keras

from core.backbones.blocks import STEM, WHOLE, block_of

PREPROCESSING_PREFIX = "preprocessing"
NEAR_BLOCKS = 3


class Graph:
    """The operations of a functional model and what feeds them.

    The edges come from the public `input` and `output` of each operation, so every operation must be called once, as
    in all networks of the zoo.

    Args:
        model: A functional model.
    """

    def __init__(self, model: keras.Model) -> None:
        self.operations: list[keras.Operation] = list(model.operations)
        producers = {
            id(tensor): operation for operation in self.operations for tensor in keras.tree.flatten(operation.output)
        }
        self._parents = {
            id(operation): []
            if isinstance(operation, keras.layers.InputLayer)
            else [producers[id(tensor)] for tensor in keras.tree.flatten(operation.input)]
            for operation in self.operations
        }
        self.last: keras.Operation = producers[id(model.output)]

    def parents(self, operation: keras.Operation) -> list[keras.Operation]:
        """The operations whose outputs an operation takes."""
        return self._parents[id(operation)]

    def ancestors(self, operations: Iterable[keras.Operation]) -> set[int]:
        """Ids of these operations and of everything that feeds them."""
        found: set[int] = set()
        queue = list(operations)
        while queue:
            operation = queue.pop()
            if id(operation) not in found:
                found.add(id(operation))
                queue.extend(self.parents(operation))
        return found

    def is_divided_by(self, operations: Sequence[keras.Operation]) -> bool:
        """Whether nothing but the outputs of these operations crosses from them and their ancestors to the rest."""
        before = self.ancestors(operations)
        crossing = {id(operation) for operation in operations}
        return all(
            id(parent) in crossing or id(parent) not in before
            for operation in self.operations
            if id(operation) not in before
            for parent in self.parents(operation)
        )


def backbone_layers(model: keras.Model) -> list[keras.Layer]:
    """The layers of the network as `keras.applications` counts them, without the preprocessing added before them."""
    return [layer for layer in model.layers if not layer.name.startswith(PREPROCESSING_PREFIX)]


def layers_in_order(model: keras.Model, cuts: Sequence[Sequence[str]]) -> list[keras.Layer]:
    """The layers in the order in which they are frozen: all before the first cut, then all before the second, ...

    Within a cut, and in all networks except NASNet, that is the order of `model.layers`.

    Args:
        model: A backbone.
        cuts: Names of the crossing operations of each cut, from the input to the output.
    """
    graph = Graph(model)
    named = {operation.name: operation for operation in graph.operations}
    ordered: dict[int, keras.Layer] = {}
    for names in cuts:
        before = graph.ancestors([named[name] for name in names])
        ordered |= {id(layer): layer for layer in backbone_layers(model) if id(layer) in before}
    return list(ordered.values())


@dataclass(frozen=True)
class BlockEnd:
    """The end of a block, where a network can be divided.

    Attributes:
        label: Name of the block for a person.
        operations: The operations whose outputs cross: one, or two in NASNet.
    """

    label: str
    operations: tuple[keras.Operation, ...]


def block_ends(model: keras.Model, family: str) -> list[BlockEnd]:
    """The ends of blocks where one tensor crosses, or two where no single one does; the last is the output.

    A block end without any parameters before it is left out: there is nothing to freeze.
    """
    graph = Graph(model)
    ends: list[BlockEnd] = []
    for label, operations in _blocks(graph, family).items():
        crossing = _last_dividing(graph, operations, [end.operations[0] for end in ends])
        if crossing and _has_parameters(model, graph, crossing):
            ends.append(BlockEnd(label, crossing))
    if ends and ends[-1].operations[0] is graph.last:
        ends.pop()
    return [*ends, BlockEnd(WHOLE, (graph.last,))]


def _has_parameters(model: keras.Model, graph: Graph, operations: Sequence[keras.Operation]) -> bool:
    before = graph.ancestors(operations)
    return any(layer.count_params() for layer in model.layers if id(layer) in before)


def _blocks(graph: Graph, family: str) -> dict[str, list[keras.Operation]]:
    """Operations by block, the blocks from the input to the output.

    An operation whose name does not tell its block belongs to the latest block among those that feed it: a residual
    addition belongs to the block that it ends, not to the block where its shortcut starts.
    """
    blocks: dict[str, list[keras.Operation]] = {STEM: []}
    label_of: dict[int, str] = {}
    for operation in graph.operations:
        feeding = [label_of[id(parent)] for parent in graph.parents(operation)]
        latest = max(feeding, key=list(blocks).index, default=STEM)
        label = block_of(family, operation.name, latest)
        label_of[id(operation)] = label
        blocks.setdefault(label, []).append(operation)
    return blocks


def _last_dividing(
    graph: Graph, operations: Sequence[keras.Operation], earlier: Sequence[keras.Operation]
) -> tuple[keras.Operation, ...] | None:
    for operation in reversed(operations):
        if graph.is_divided_by([operation]):
            return (operation,)
    for operation in reversed(operations):
        for other in reversed(earlier[-NEAR_BLOCKS:]):
            if graph.is_divided_by([operation, other]):
                return (operation, other)
    return None
