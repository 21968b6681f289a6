"""A network computed by TensorFlow. Worker only: imports TensorFlow."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Squares = NDArray[np.uint8]
Tensors = tuple[NDArray[np.float32], ...]

# Batches that a GPU has been given before the first is waited for.
IN_FLIGHT: Final = 2


def pixels_function(prefix: keras.Model) -> Any:  # noqa: ANN401 - a concrete function, untyped in TensorFlow
    """The network as one graph: (n, size, size, 3) uint8 in, a list of the crossing tensors out.

    XLA is off: on a processor it is ten times slower than `predict` for depthwise networks.
    """
    pixels = tf.TensorSpec((None, *prefix.inputs[0].shape[1:]), tf.uint8, name="pixels")

    def compute(pixels: tf.Tensor) -> list[tf.Tensor]:
        return list(keras.tree.flatten(prefix(tf.cast(pixels, tf.float32), training=False)))

    return tf.function(compute, input_signature=[pixels], autograph=False, jit_compile=False).get_concrete_function()


class TensorFlowEngine:
    """An `Engine`.

    Args:
        prefix: The network.
        device: Where TensorFlow computes, in words.
    """

    def __init__(self, prefix: keras.Model, device: str) -> None:
        self.description = f"TensorFlow {tf.__version__} on {device} in float32"
        self._compute = pixels_function(prefix)

    def run(self, batches: Iterable[Squares]) -> Iterator[Tensors]:
        """Compute batches, as in `Engine`."""
        waiting: deque[list[Any]] = deque()
        for squares in batches:
            waiting.append(self._compute(tf.constant(squares)))
            if len(waiting) > IN_FLIGHT:
                yield _to_arrays(waiting.popleft())
        while waiting:
            yield _to_arrays(waiting.popleft())


def _to_arrays(tensors: list[Any]) -> Tensors:
    return tuple(tensor.numpy() for tensor in tensors)
