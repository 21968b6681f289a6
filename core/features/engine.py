"""What computes a frozen network on this machine. Worker only: imports TensorFlow.

TensorFlow where there is a GPU, OpenVINO on a processor, TensorFlow where OpenVINO cannot convert the network or
computes something else. In bfloat16 a processor that has it is twice as fast, and features differ by about a tenth: a
choice that a person makes by name, and whose effect they are told.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.features.numerical_check import relative_difference
from core.features.openvino_cache import ConversionError, converted_network
from core.features.openvino_engine import OpenVinoEngine, computes_bfloat16
from core.features.tensorflow_engine import TensorFlowEngine
from core.settings import Settings

Precision = Literal["float32", "bfloat16"]
Squares = NDArray[np.uint8]
Tensors = tuple[NDArray[np.float32], ...]

# Images on which two precisions are compared.
COMPARED: Final = 16


class Engine(Protocol):
    """Computes a network.

    Attributes:
        description: Words for the run's story, e.g. `OpenVINO 2026.4.1 on the processor in float32`.
    """

    description: str

    def run(self, batches: Iterable[Squares]) -> Iterator[Tensors]:
        """Compute batches, several at a time, and give the results in order.

        Args:
            batches: Each (n, size, size, 3) uint8, of any n; the next ones are asked for while others are computed.

        Yields:
            For each batch one (n, *shape) float32 array a crossing tensor.
        """


def usable_precision(precision: Precision, say: Callable[[str], None]) -> Precision:
    """The precision that this machine computes in; says so where it is not the one that was asked for."""
    if precision == "float32":
        return precision
    if _gpu():
        say("bfloat16 speeds up processors; on the GPU features are computed in float32.")
        return "float32"
    if not computes_bfloat16():
        say("This processor does not compute in bfloat16: features are computed in float32.")
        return "float32"
    return precision


def choose_engine(
    prefix: keras.Model,
    fingerprint: str,
    settings: Settings,
    precision: Precision,
    say: Callable[[str], None],
    sample: Squares | None = None,
) -> Engine:
    """Take the fastest engine of this machine that computes what Keras does.

    Args:
        prefix: The frozen network, (n, size, size, 3) pixels of 0 to 255 in.
        fingerprint: Its address.
        settings: Where converted networks are kept, and how many workers share the processor.
        precision: One that is usable here.
        say: Takes sentences for the run's story.
        sample: A few of the images, to say on them what bfloat16 changes; None says nothing about it.

    Returns:
        A ready engine.
    """
    if _gpu():
        return TensorFlowEngine(prefix, "the GPU")
    try:
        network = converted_network(prefix, fingerprint, settings, say)
    except ConversionError as error:
        say(f"OpenVINO cannot compute this network ({error}): TensorFlow does, which takes longer.")
        return TensorFlowEngine(prefix, "the processor")
    engine = OpenVinoEngine(network, precision, share=settings.workers)
    if precision == "bfloat16" and sample is not None:
        _say_difference(engine, OpenVinoEngine(network, "float32", share=settings.workers), sample, say)
    return engine


def _gpu() -> bool:
    return bool(tf.config.list_physical_devices("GPU"))


def _say_difference(fast: Engine, exact: Engine, sample: Squares, say: Callable[[str], None]) -> None:
    sample = sample[:COMPARED]
    share = relative_difference(next(fast.run([sample])), next(exact.run([sample])))
    say(f"In bfloat16 the features of the first {len(sample)} images differ from float32 by {share:.1%} on average.")
