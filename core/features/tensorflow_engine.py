"""Computes a network with TensorFlow. Worker only: imports TensorFlow."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Squares = NDArray[np.uint8]
Tensors = tuple[NDArray[np.float32], ...]

# Batches submitted to a GPU before the first result is read.
IN_FLIGHT: Final = 2


def pixels_function(prefix: keras.Model) -> Any:  # noqa: ANN401 - a concrete function, untyped in TensorFlow
    """The network as one graph: (n, size, size, 3) uint8 -> list of the crossing tensors.

    XLA is off: on a processor it is ten times slower than `predict` for depthwise networks.
    """
    pixels = tf.TensorSpec((None, *prefix.inputs[0].shape[1:]), tf.uint8, name="pixels")

    def compute(pixels: tf.Tensor) -> list[tf.Tensor]:
        return list(keras.tree.flatten(prefix(tf.cast(pixels, tf.float32), training=False)))

    return tf.function(compute, input_signature=[pixels], autograph=False, jit_compile=False).get_concrete_function()


class TensorFlowEngine:
    """Computes a network with TensorFlow.

    Args:
        prefix: The network.
        device: Name of the device, for the description.
    """

    def __init__(self, prefix: keras.Model, device: str) -> None:
        self.description = f"TensorFlow {tf.__version__} on {device} in float32"
        self._compute = pixels_function(prefix)

    def run(self, batches: Iterable[Squares]) -> Iterator[Tensors]:
        """Compute batches, as in `Engine`."""
        in_flight: deque[list[Any]] = deque()
        for squares in batches:
            in_flight.append(self._compute(tf.constant(squares)))
            if len(in_flight) > IN_FLIGHT:
                yield _to_arrays(in_flight.popleft())
        while in_flight:
            yield _to_arrays(in_flight.popleft())


def _to_arrays(tensors: list[Any]) -> Tensors:
    return tuple(tensor.numpy() for tensor in tensors)
