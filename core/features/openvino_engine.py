"""Computes a network with OpenVINO on the processor. Worker only: imports OpenVINO."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.compat import disable_openvino_telemetry, fix_openvino_converter

disable_openvino_telemetry()

import openvino  # noqa: E402 - after its telemetry is disabled

Squares = NDArray[np.uint8]
Tensors = tuple[NDArray[np.float32], ...]

VERSION: Final[str] = openvino.__version__.split("-")[0]
# Pixels per inference request, which sets a fixed batch size: a network with a dynamic batch size is slower.
# Processor time per image on 2 cores with 1 / 2 / 4 / 8 / 16 images per request, and with a dynamic batch of 16:
# MobileNetV2 at 224 5.2 / 5.2 / 5.5 / 5.7 / 6.3, 6.8 ms; MobileNetV2 0.5 at 96 .51 / .41 / .37 / .36 / .38, .41 ms;
# ResNet50 at 224 48 / 48 / 47 / 45 / 45, 43 ms.
PIXELS_PER_REQUEST: Final = 2 * 224 * 224


@cache
def _core() -> Any:  # noqa: ANN401 - untyped in OpenVINO
    return openvino.Core()


def supports_bfloat16() -> bool:
    """Whether this processor computes in bfloat16."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def convert(function: Any) -> Any:  # noqa: ANN401 - untyped in TensorFlow and OpenVINO
    """Convert a concrete function of `tensorflow_engine.pixels_function`.

    Raises:
        Exception: Of many kinds, if it cannot be converted.
    """
    fix_openvino_converter()
    return openvino.convert_model(function)


def save_network(network: Any, path: Path) -> None:  # noqa: ANN401
    """Write a converted network in full precision, as `.xml` and `.bin`.

    Raises:
        RuntimeError: It cannot be written.
    """
    openvino.save_model(network, path, compress_to_fp16=False)


def read_network(path: Path) -> Any:  # noqa: ANN401
    """Read a converted network with an input of (n, size, size, 3) uint8.

    Raises:
        RuntimeError: The files are missing or incomplete.
    """
    return _core().read_model(path)


class _Request(NamedTuple):
    """A running inference request and the slice of the results that it fills."""

    request: Any
    squares: Squares
    results: Tensors
    start: int
    stop: int


class OpenVinoEngine:
    """Computes a network with OpenVINO. An engine runs one iteration at a time.

    Args:
        network: The converted network.
        precision: `float32`, or `bfloat16` if the processor supports it.
        share: How many engines share this machine.
    """

    def __init__(self, network: Any, precision: str, share: int = 1) -> None:  # noqa: ANN401 - untyped in OpenVINO
        self.description = f"OpenVINO {VERSION} on the processor in {precision}"
        model = network.clone()
        size = model.input(0).partial_shape[1].get_length()
        self._images = max(1, round(PIXELS_PER_REQUEST / size**2))
        model.reshape([self._images, size, size, 3])
        options = {
            "PERFORMANCE_HINT": "THROUGHPUT",
            "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
        }
        if share > 1:
            options["INFERENCE_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // share))
        compiled = _core().compile_model(model, "CPU", options)
        # Twice the optimal number, so that requests are ready while results are copied.
        n_requests = 2 * compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        self._requests = [compiled.create_infer_request() for _ in range(n_requests)]
        self._shapes = [tuple(output.shape[1:]) for output in compiled.outputs]

    def run(self, batches: Iterable[Squares]) -> Iterator[Tensors]:
        """Compute batches, as in `Engine`."""
        idle = list(self._requests)
        busy: deque[_Request] = deque()
        try:
            for squares in batches:
                results = tuple(np.empty((len(squares), *shape), np.float32) for shape in self._shapes)
                for start in range(0, len(squares), self._images):
                    if not idle:
                        yield from self._finish(busy, idle)
                    busy.append(self._start(idle.pop(), squares, results, start))
            while busy:
                yield from self._finish(busy, idle)
        finally:
            for pending in busy:
                pending.request.wait()

    def _start(self, request: Any, squares: Squares, results: Tensors, start: int) -> _Request:  # noqa: ANN401
        stop = min(start + self._images, len(squares))
        part = np.ascontiguousarray(squares[start:stop])
        if len(part) < self._images:
            part = np.concatenate([part, np.zeros((self._images - len(part), *part.shape[1:]), np.uint8)])
        request.set_input_tensor(openvino.Tensor(part, shared_memory=True))
        request.start_async()
        return _Request(request, part, results, start, stop)

    def _finish(self, busy: deque[_Request], idle: list[Any]) -> Iterator[Tensors]:
        """Wait for the oldest request; yield the results of its batch if the batch is complete."""
        done = busy.popleft()
        done.request.wait()
        for index, result in enumerate(done.results):
            result[done.start : done.stop] = done.request.get_output_tensor(index).data[: done.stop - done.start]
        idle.append(done.request)
        if done.stop == len(done.results[0]):
            yield done.results
