"""Decode in child processes, so that a crash, a hang or excessive memory use affects one image alone."""

import queue
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from core.errors import ImageError, WorkerDiedError
from core.intake import rejection_messages
from core.intake.decode_rgb import WHITE
from core.intake.decoder_process import THUMBNAIL_SIDE
from core.intake.photo_metadata import PhotoMetadata
from core.intake.results import ImageStatistics, Limits
from core.sandbox import Cause, Sandbox, SandboxError, SandboxLimits

MESSAGES: Final[dict[Cause, str]] = {
    "time": rejection_messages.TOO_SLOW,
    "memory": rejection_messages.TOO_MUCH_MEMORY,
    "crash": rejection_messages.CRASHED,
}


@dataclass(frozen=True)
class Inspection:
    """The result of decoding an image.

    Attributes:
        width: Upright width in pixels.
        height: Upright height in pixels.
        format: As Pillow names it.
        statistics: Brightness, contrast, sharpness and difference hash.
        thumbnail: Upright JPEG, at most as large as was asked for.
        metadata: What the camera wrote beside the pixels.
        note: What a person should know of it; mostly empty.
    """

    width: int
    height: int
    format: str
    statistics: ImageStatistics
    thumbnail: bytes
    metadata: PhotoMetadata
    note: str = ""


@dataclass(frozen=True)
class DecodedImage:
    """An image at its full size.

    Attributes:
        pixels: (height, width, 3) uint8 sRGB, upright; the input of an exported model.
        metadata: What the camera wrote beside them.
        thumbnail: Upright JPEG; empty if none was asked for.
    """

    pixels: NDArray[np.uint8]
    metadata: PhotoMetadata
    thumbnail: bytes


class DecoderPool:
    """Child processes that decode one image each at a time; may be shared by threads.

    Args:
        limits: Number of processes, and the time and memory that one image may take.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._idle: queue.SimpleQueue[_DecoderProcess] = queue.SimpleQueue()
        for _ in range(limits.decoders):
            self._idle.put(_DecoderProcess(limits))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes once all of them are idle."""
        for _ in range(self._limits.decoders):
            self._idle.get().close()

    def inspect(
        self, path: Path, suffix: str = "", *, side: int = THUMBNAIL_SIDE, background: str = WHITE
    ) -> Inspection:
        """Decode and measure an image; waits for an idle process.

        Args:
            path: The file.
            suffix: Suffix of the original file name, e.g. `.jpg`.
            side: Longest side of the thumbnail in pixels.
            background: Colour behind transparent pixels, `#rrggbb`.

        Raises:
            ImageError: It cannot be decoded; the sentence is one of `rejection_messages`.
            WorkerDiedError: A decoder process ends before it is ready.
        """
        found, thumbnail = self._call("inspect", path, suffix, side, background)
        statistics = ImageStatistics(**found.pop("statistics"))
        metadata = PhotoMetadata(**found.pop("metadata"))
        return Inspection(**found, statistics=statistics, metadata=metadata, thumbnail=thumbnail)

    def decode(
        self, path: Path, suffix: str = "", *, side: int = 0, background: str = WHITE, bit_depth: int | None = None
    ) -> DecodedImage:
        """Decode an image at its full size; waits for an idle process.

        Args:
            path: The file.
            suffix: Suffix of the original file name, e.g. `.jpg`.
            side: Longest side of the thumbnail in pixels; 0 for no thumbnail.
            background: Colour behind transparent pixels, `#rrggbb`.
            bit_depth: As in `core.intake.decode_rgb.decode_rgb`.

        Raises:
            ImageError: It cannot be decoded; the sentence is one of `rejection_messages`.
            WorkerDiedError: A decoder process ends before it is ready.
        """
        found, data = self._call("pixels", path, suffix, side, background, bit_depth)
        n_bytes: int = found["pixels"]
        pixels = np.frombuffer(data, np.uint8, n_bytes).reshape(found["height"], found["width"], 3)
        return DecodedImage(pixels, PhotoMetadata(**found["metadata"]), data[n_bytes:])

    def _call(
        self, what: str, path: Path, suffix: str, side: int, background: str, bit_depth: int | None = None
    ) -> tuple[dict[str, Any], bytes]:
        request: dict[str, JsonValue] = {
            "what": what,
            "path": str(path.absolute()),
            "suffix": suffix,
            "side": side,
            "background": background,
            "bit_depth": bit_depth,
        }
        decoder = self._idle.get()
        try:
            return decoder.call(request)
        except (_DecoderDiedError, WorkerDiedError) as error:
            if isinstance(error, ImageError) and error.sentence != rejection_messages.CRASHED:
                raise
            # The system may have killed the process for lack of memory that others used, so try once more.
            decoder = decoder.replace()
            return decoder.call(request)
        finally:
            self._idle.put(decoder if decoder.is_alive() else decoder.replace())


class _DecoderDiedError(ImageError):
    """The decoder process ended on this image."""


class _DecoderProcess:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sandbox = Sandbox(
            "core.intake.decoder_process:answer",
            SandboxLimits(limits.seconds, limits.memory_bytes),
            purpose="image decoder",
        )

    def call(self, request: dict[str, JsonValue]) -> tuple[dict[str, Any], bytes]:
        try:
            found, data = self._sandbox.call(request)
        except SandboxError as error:
            raise _DecoderDiedError(MESSAGES[error.cause].format(seconds=self._limits.seconds)) from error
        if "rejected" in found:
            raise ImageError(found["rejected"])
        return found, data

    def is_alive(self) -> bool:
        return self._sandbox.is_alive

    def replace(self) -> "_DecoderProcess":
        self.close()
        return _DecoderProcess(self._limits)

    def close(self) -> None:
        self._sandbox.close()
