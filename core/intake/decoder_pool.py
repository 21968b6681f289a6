"""Decoding in child processes, so that a crash, a hang or a hunger for memory costs one image."""

import contextlib
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import psutil

from core.errors import ImageError, WorkerDiedError
from core.intake import ipc, rejection_messages
from core.intake.results import ImageStatistics, Limits

ROOT: Final = Path(__file__).parents[2]
# How the decoder process ends when an image takes too long: `faulthandler` exits with 1, the system with a signal.
EXITS_OVERTIME: Final = (1, -getattr(signal, "SIGPROF", -1))
WATCH_SECONDS: Final = 0.1
NO_WINDOW: Final[int] = getattr(subprocess, "CREATE_NO_WINDOW", 0)


@dataclass(frozen=True)
class Inspection:
    """What a decoder found.

    Attributes:
        width: Upright width in pixels.
        height: Upright height in pixels.
        format: As Pillow names it.
        statistics: What was measured.
        thumbnail: JPEG of at most 256 pixels a side, upright.
    """

    width: int
    height: int
    format: str
    statistics: ImageStatistics
    thumbnail: bytes


class DecoderPool:
    """A few child processes that decode, each one image at a time; may be used by as many threads.

    Args:
        limits: How many, and what time and memory one image may take.
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
        """End the children; waits until all of them are free."""
        for _child in range(self._limits.decoders):
            self._idle.get().close()

    def inspect(self, path: Path, suffix: str = "") -> Inspection:
        """Decode and measure an image; waits until a child is free.

        Args:
            path: The file.
            suffix: Suffix of the name that the person gave it, e.g. `.jpg`.

        Raises:
            ImageError: It cannot be decoded; the sentence is one of `reasons`.
            WorkerDiedError: Children die before they are given anything to decode.
        """
        child = self._idle.get()
        try:
            return child.inspect(path, suffix)
        except (_DecoderDiedError, WorkerDiedError) as error:
            if isinstance(error, ImageError) and error.sentence != rejection_messages.CRASHED:
                raise
            # It may have been killed for another's sake, as by a system short of memory: once more.
            child = child.replace()
            return child.inspect(path, suffix)
        finally:
            self._idle.put(child if child.is_alive() else child.replace())


class _DecoderDiedError(ImageError):
    """The image cost a child its life."""


class _DecoderProcess:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._took_too_much = False
        self._is_ready = False
        command = [sys.executable, "-W", "ignore", "-m", "core.intake.decoder_process"]
        self._process = subprocess.Popen(
            [*command, str(limits.seconds), str(limits.memory_bytes)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=NO_WINDOW,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._requests, self._answers = self._process.stdin, self._process.stdout
        if sys.platform != "linux":
            threading.Thread(target=self._watch_memory, daemon=True).start()

    def inspect(self, path: Path, suffix: str) -> Inspection:
        found, thumbnail = self._ask({"path": str(path.absolute()), "suffix": suffix})
        if "refused" in found:
            raise ImageError(found["refused"])
        statistics = ImageStatistics(**found.pop("statistics"))
        return Inspection(**found, statistics=statistics, thumbnail=thumbnail)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def replace(self) -> "_DecoderProcess":
        self.close()
        return _DecoderProcess(self._limits)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._requests, self._answers):
            with contextlib.suppress(OSError):
                stream.close()

    def _ask(self, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        self._is_ready = self._is_ready or ipc.receive(self._answers) is not None
        if not self._is_ready:
            raise WorkerDiedError("The image decoder cannot be started.", "Install Graft's requirements again.")
        try:
            ipc.send(self._requests, question)
            answer = ipc.receive(self._answers)
        except OSError:
            answer = None
        if answer is None:
            raise _DecoderDiedError(self._why_died())
        return answer

    def _why_died(self) -> str:
        if self._took_too_much:
            return rejection_messages.TOO_MUCH_MEMORY
        if self._process.wait() in EXITS_OVERTIME:
            return rejection_messages.TOO_SLOW.format(seconds=self._limits.seconds)
        return rejection_messages.CRASHED

    def _watch_memory(self) -> None:
        """The bound on memory where the system keeps none for a process."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self._process.pid)
            at_first = process.memory_info().rss
            while self._process.poll() is None:
                if process.memory_info().rss - at_first > self._limits.memory_bytes:
                    self._took_too_much = True
                    self._process.kill()
                time.sleep(WATCH_SECONDS)
