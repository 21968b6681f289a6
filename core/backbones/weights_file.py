"""Reads weights files that may be hostile, in a child process with limits. Free of frameworks.

HDF5 is parsed in the child alone (`core.backbones.weights_process`): a file that crashes, hangs or exhausts it ends the
child and is rejected with one sentence. The child first lists layers and shapes; only arrays that were then asked for
are read, and each is checked against its declared shape and type before it is used.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError
from core.sandbox import Cause, Sandbox, SandboxError, SandboxLimits

HDF5_SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"
# Reading the 1.4 GB of the largest network takes about 4 s of processor time. The largest array of the zoo has 67 MB.
# Elapsed time is generous, because a file may lie on a slow disk.
LIMITS: Final = SandboxLimits(seconds=30, memory_bytes=768 << 20, reply_bytes=512 << 20, clock_factor=10)
MAX_RANK: Final = 8
MAX_ITEM_BYTES: Final = 8
AGAIN: Final = "Get the file again: it may not have been copied completely."


@dataclass(frozen=True)
class StoredArray:
    """An array as a file declares it.

    Attributes:
        path: Its path in the file.
        shape: Its shape.
        dtype: NumPy's name of its type, e.g. `<f4`.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class StoredLayer:
    """A layer with weights, as found in a file.

    Attributes:
        name: Its name in the network that was saved; empty if the file does not contain it.
        path: Its path in the file, e.g. `layers/functional/layers/conv2d_3`.
        arrays: Its weights: trainable ones first, then the others.
    """

    name: str
    path: str
    arrays: tuple[StoredArray, ...]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of each of its weights."""
        return tuple(array.shape for array in self.arrays)


class WeightsReader:
    """The layers of an open weights file; made by `open_weights`.

    Attributes:
        layers: Its layers, in the order of the file.
    """

    def __init__(self, path: Path, folder: Path, ask: Callable[[dict[str, Any]], Iterator[tuple[Any, bytes]]]) -> None:
        self._name = path.name
        self._answers = ask
        request = {"task": "list", "path": str(path.absolute()), "folder": str(folder)}
        ((listing, _),) = self._ask(request)
        self.layers: list[StoredLayer] = _parse_listing(listing, self._name)

    def read(self, layers: Sequence[StoredLayer]) -> Iterator[list[NDArray[Any]]]:
        """Read the weights of layers.

        Args:
            layers: Some of `layers`.

        Yields:
            The arrays of each layer.

        Raises:
            WeightsError: An array is damaged, or contains other values than finite numbers.
        """
        replies = self._ask({"task": "read", "arrays": [array.path for layer in layers for array in layer.arrays]})
        for layer in layers:
            yield [self._to_array(array, next(replies, None)) for array in layer.arrays]

    def _ask(self, request: dict[str, Any]) -> Iterator[tuple[Any, bytes]]:
        try:
            yield from self._answers(request)
        except SandboxError as error:
            raise _limit_error(error.cause, self._name) from error

    def _to_array(self, array: StoredArray, reply: tuple[Any, bytes] | None) -> NDArray[Any]:
        dtype = _numeric_dtype(array, self._name)
        if reply is None or len(reply[1]) != dtype.itemsize * int(np.prod(array.shape, dtype=np.int64)):
            raise _limit_error("crash", self._name)
        return np.frombuffer(reply[1], dtype).reshape(array.shape)


@contextlib.contextmanager
def open_weights(path: Path, *, trusted: bool = False) -> Iterator[WeightsReader]:
    """Open a weights file in a child process.

    Args:
        path: `.h5`, `.weights.h5` or `.keras`; the content decides, not the suffix.
        trusted: Whether it is a file of this project, which is read without a child process.

    Raises:
        WeightsError: The file is missing, damaged or no weights file, or it cannot be trusted.
        WorkerDiedError: The child process cannot be started.
    """
    if trusted:
        from core.backbones.weights_process import Session

        with contextlib.closing(Session()) as session:
            yield WeightsReader(path, path.parent, session.answer)
        return
    # The parent makes the folder, because a killed child would leave what it unpacked.
    with (
        tempfile.TemporaryDirectory(prefix="graft-weights-", ignore_cleanup_errors=True) as folder,
        Sandbox("core.backbones.weights_process:answer", LIMITS, "reader of weights files", Path(folder)) as sandbox,
    ):
        yield WeightsReader(path, Path(folder), sandbox.stream)


def _parse_listing(listing: dict[str, Any], file_name: str) -> list[StoredLayer]:
    try:
        layers = [
            StoredLayer(
                str(layer["name"]),
                str(layer["path"]),
                tuple(
                    StoredArray(str(path), tuple(int(length) for length in shape), str(dtype))
                    for path, shape, dtype in layer["arrays"]
                ),
            )
            for layer in listing["layers"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise _limit_error("crash", file_name) from error
    if any(len(shape) > MAX_RANK or min(shape, default=0) < 0 for layer in layers for shape in layer.shapes):
        raise WeightsError(f"{file_name} cannot be trusted: an array in it has an impossible shape.")
    return layers


def _numeric_dtype(array: StoredArray, file_name: str) -> np.dtype[Any]:
    try:
        dtype = np.dtype(array.dtype)
    except (TypeError, ValueError):
        dtype = np.dtype(object)
    if dtype.kind not in "fiu" or dtype.itemsize > MAX_ITEM_BYTES:
        raise WeightsError(f"{file_name} holds weights of the kind {array.dtype}, which Graft does not read.")
    return dtype


def _limit_error(cause: Cause, file_name: str) -> WeightsError:
    if cause == "time":
        return WeightsError(
            f"{file_name} cannot be trusted: reading it took more than {LIMITS.seconds:.0f} s of processor time."
        )
    if cause == "memory":
        return WeightsError(
            f"{file_name} cannot be trusted: reading it takes more than {LIMITS.memory_bytes >> 20} MB of memory."
        )
    return WeightsError(f"{file_name} is damaged: the process that read it ended.", AGAIN)


def format_shapes(shapes: Sequence[Sequence[int]]) -> str:
    """Shapes as text for a person, e.g. `3x3x3x32 and 32`."""
    return " and ".join("x".join(map(str, shape)) or "1" for shape in shapes) or "nothing"
