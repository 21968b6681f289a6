"""Decode in child processes, so that a crash, a hang or excessive memory use affects one image alone."""

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
# Exit statuses after a timeout: 1 by `faulthandler`, or a signal by the system.
TIMEOUT_STATUSES: Final = (1, -getattr(signal, "SIGPROF", -1))
WATCH_SECONDS: Final = 0.1
NO_WINDOW: Final[int] = getattr(subprocess, "CREATE_NO_WINDOW", 0)


@dataclass(frozen=True)
class Inspection:
    """The result of decoding an image.

    Attributes:
        width: Upright width in pixels.
        height: Upright height in pixels.
        format: As Pillow names it.
        statistics: Brightness, contrast, sharpness and difference hash.
        thumbnail: JPEG of at most 256 pixels a side, upright.
    """

    width: int
    height: int
    format: str
    statistics: ImageStatistics
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

    def inspect(self, path: Path, suffix: str = "") -> Inspection:
        """Decode and measure an image; waits for an idle process.

        Args:
            path: The file.
            suffix: Suffix of the original file name, e.g. `.jpg`.

        Raises:
            ImageError: It cannot be decoded; the sentence is one of `rejection_messages`.
            WorkerDiedError: A decoder process ends before it is ready.
        """
        decoder = self._idle.get()
        try:
            return decoder.inspect(path, suffix)
        except (_DecoderDiedError, WorkerDiedError) as error:
            if isinstance(error, ImageError) and error.sentence != rejection_messages.CRASHED:
                raise
            # The system may have killed the process for lack of memory that others used, so try once more.
            decoder = decoder.replace()
            return decoder.inspect(path, suffix)
        finally:
            self._idle.put(decoder if decoder.is_alive() else decoder.replace())


class _DecoderDiedError(ImageError):
    """The decoder process ended on this image."""


class _DecoderProcess:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._exceeded_memory = False
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
        found, thumbnail = self._request({"path": str(path.absolute()), "suffix": suffix})
        if "rejected" in found:
            raise ImageError(found["rejected"])
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

    def _request(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        self._is_ready = self._is_ready or ipc.receive(self._answers) is not None
        if not self._is_ready:
            raise WorkerDiedError("The image decoder cannot be started.", "Install Graft's requirements again.")
        try:
            ipc.send(self._requests, request)
            answer = ipc.receive(self._answers)
        except OSError:
            answer = None
        if answer is None:
            raise _DecoderDiedError(self._describe_death())
        return answer

    def _describe_death(self) -> str:
        if self._exceeded_memory:
            return rejection_messages.TOO_MUCH_MEMORY
        if self._process.wait() in TIMEOUT_STATUSES:
            return rejection_messages.TOO_SLOW.format(seconds=self._limits.seconds)
        return rejection_messages.CRASHED

    def _watch_memory(self) -> None:
        """Kill the process when it exceeds its memory, where the system cannot limit a process."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self._process.pid)
            initial = process.memory_info().rss
            while self._process.poll() is None:
                if process.memory_info().rss - initial > self._limits.memory_bytes:
                    self._exceeded_memory = True
                    self._process.kill()
                time.sleep(WATCH_SECONDS)
