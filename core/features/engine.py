"""Chooses the engine that computes a frozen network. Worker only: imports TensorFlow.

TensorFlow computes on a GPU and OpenVINO on a processor. TensorFlow also computes where OpenVINO cannot convert the
network or gives other results. Computing in bfloat16 is twice as fast on processors that support it, but features
differ by about 10%: it is used only if a person chooses it, and the difference is measured and reported.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.features.numerical_check import relative_difference
from core.features.openvino_cache import ConversionError, converted_network
from core.features.openvino_engine import OpenVinoEngine, supports_bfloat16
from core.features.tensorflow_engine import TensorFlowEngine
from core.settings import Settings

Precision = Literal["float32", "bfloat16"]
Squares = NDArray[np.uint8]
Tensors = tuple[NDArray[np.float32], ...]

# Number of images on which two precisions are compared.
COMPARED_IMAGES: Final = 16


class Engine(Protocol):
    """Computes a network.

    Attributes:
        description: Name of the engine, e.g. `OpenVINO 2026.4.1 on the processor in float32`.
    """

    description: str

    def run(self, batches: Iterable[Squares]) -> Iterator[Tensors]:
        """Compute batches, several at a time, and yield the results in order.

        Args:
            batches: Arrays of (n, size, size, 3) uint8, n may vary; the next ones are read while others are computed.

        Yields:
            For each batch one (n, *shape) float32 array per crossing tensor.
        """


def usable_precision(precision: Precision, on_message: Callable[[str], None]) -> Precision:
    """The precision that this machine computes in, with a message if it is not the chosen one."""
    if precision == "float32":
        return precision
    if _has_gpu():
        on_message("bfloat16 speeds up processors; on the GPU features are computed in float32.")
        return "float32"
    if not supports_bfloat16():
        on_message("This processor does not support bfloat16: features are computed in float32.")
        return "float32"
    return precision


def choose_engine(
    prefix: keras.Model,
    fingerprint: str,
    settings: Settings,
    precision: Precision,
    on_message: Callable[[str], None],
    sample: Squares | None = None,
) -> Engine:
    """Choose the fastest engine of this machine whose results equal those of Keras.

    Args:
        prefix: The frozen network, (n, size, size, 3) pixels of 0 to 255 in.
        fingerprint: Fingerprint of the network.
        settings: Location of converted networks, and how many workers share the processor.
        precision: A precision from `usable_precision`.
        on_message: Receives sentences for the log of the run.
        sample: Some of the images, on which the effect of bfloat16 is reported; None reports nothing.

    Returns:
        The engine.
    """
    if _has_gpu():
        return TensorFlowEngine(prefix, "the GPU")
    try:
        network = converted_network(prefix, fingerprint, settings, on_message)
    except ConversionError as error:
        on_message(f"OpenVINO cannot compute this network ({error}). TensorFlow computes it, which takes longer.")
        return TensorFlowEngine(prefix, "the processor")
    engine = OpenVinoEngine(network, precision, share=settings.workers)
    if precision == "bfloat16" and sample is not None:
        _report_difference(engine, OpenVinoEngine(network, "float32", share=settings.workers), sample, on_message)
    return engine


def _has_gpu() -> bool:
    return bool(tf.config.list_physical_devices("GPU"))


def _report_difference(fast: Engine, exact: Engine, sample: Squares, on_message: Callable[[str], None]) -> None:
    sample = sample[:COMPARED_IMAGES]
    share = relative_difference(next(fast.run([sample])), next(exact.run([sample])))
    on_message(
        f"In bfloat16 the features of the first {len(sample)} images differ from float32 by {share:.1%} on average."
    )
