"""Child processes with limits on time and memory, for reading files that may be hostile.

    with Sandbox("core.intake.decoder_process:answer", SandboxLimits(seconds=20, memory_bytes=10**9)) as sandbox:
        header, data = sandbox.call({"path": "/tmp/image.png", "suffix": ".png"})

A handler is a function of one request, a dictionary of plain JSON values. It returns one reply or yields several, each
a dictionary and bytes. It runs in the child process, which is started with `python -m core.sandbox`, so a crash, a
hang or excessive memory use ends the child alone. A child serves one request after another.

A `GraftError` that a handler raises is raised again in the parent. Everything else that goes wrong is a `SandboxError`
with its cause, for which the caller finds the words.

The time limit counts processor time where the system supports it, so that a busy machine rejects no file. A second
limit counts elapsed time and catches handlers that wait instead of computing. The child enforces both itself, also
after its parent was killed. Linux limits the memory of the child; elsewhere a thread of the parent watches it.

On Linux the child also gives up its rights before it imports anything (`core.confinement`): it writes no file outside a
folder that it was given, starts no program, and opens no connection.
"""

import contextlib
import faulthandler
import importlib
import inspect
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple, Self

import psutil

from core import errors
from core.confinement import confine
from core.errors import GraftError, RunStopped, WorkerDiedError

ROOT: Final = Path(__file__).parents[1]
WATCH_SECONDS: Final = 0.1
# Exit statuses after a timeout: 1 by `faulthandler`, or a signal by the system.
TIMEOUT_STATUSES: Final = (1, -getattr(signal, "SIGPROF", -1))
NO_WINDOW: Final[int] = getattr(subprocess, "CREATE_NO_WINDOW", 0)
LENGTHS: Final = struct.Struct(">IQ")
MAX_HEADER_BYTES: Final = 16 << 20

Cause = Literal["time", "memory", "crash"]


@dataclass(frozen=True)
class SandboxLimits:
    """Limits of a child process.

    Attributes:
        seconds: Processor time of one request.
        memory_bytes: Memory in addition to what the child uses before its first request.
        reply_bytes: Size of one reply.
        clock_factor: Elapsed time of one request, as a multiple of `seconds`.
    """

    seconds: float
    memory_bytes: int
    reply_bytes: int = 1 << 30
    clock_factor: float = 3


class SandboxError(Exception):
    """A child process did not answer a request.

    Attributes:
        cause: It exceeded its `time` or its `memory`, or it ended with a `crash`.
    """

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


class Reply(NamedTuple):
    """A message from a child process: plain JSON values and bytes."""

    header: dict[str, Any]
    data: bytes


class Sandbox:
    """A child process that runs a handler. One thread at a time may call it; any thread may close it.

    Args:
        handler: The function as `module:function`; the module belongs to this project and imports no framework.
        limits: Limits of each request.
        purpose: What the process does, for the message if it cannot be started, e.g. `image decoder`.
        folder: The only folder where the process may write on Linux; None for none.
    """

    def __init__(
        self,
        handler: str,
        limits: SandboxLimits,
        purpose: str = "process that reads files",
        folder: Path | None = None,
    ) -> None:
        self._limits = limits
        self._purpose = purpose
        self._exceeded_memory = False
        self._is_ready = False
        numbers = (limits.seconds, limits.seconds * limits.clock_factor, limits.memory_bytes)
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "core.sandbox", handler, *map(str, numbers), str(folder or "")],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("GRAFT_")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=NO_WINDOW,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._requests, self._replies = self._process.stdin, self._process.stdout
        if sys.platform != "linux":
            threading.Thread(target=self._watch_memory, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._requests, self._replies):
            with contextlib.suppress(OSError, ValueError):
                stream.close()

    def call(self, request: Mapping[str, Any], should_stop: Callable[[], bool] | None = None) -> Reply:
        """Send a request whose handler gives one reply.

        Args:
            request: Plain JSON values.
            should_stop: As in `stream`.

        Raises:
            GraftError: The handler raised it, or as in `stream`.
            SandboxError: The process exceeded a limit or crashed.
        """
        replies = list(self.stream(request, should_stop))
        if len(replies) != 1:
            raise SandboxError("crash")
        return replies[0]

    def stream(self, request: Mapping[str, Any], should_stop: Callable[[], bool] | None = None) -> Iterator[Reply]:
        """Send a request and yield the replies of its handler.

        A process whose replies are not read to the end cannot be called again.

        Args:
            request: Plain JSON values.
            should_stop: Whether a person asked to stop; called ten times a second, and kills the process.

        Raises:
            GraftError: The handler raised it.
            RunStopped: A person asked to stop.
            SandboxError: The process exceeded a limit or crashed.
            WorkerDiedError: The process cannot be started.
        """
        self._wait_until_ready()
        with self._watch_stop(should_stop) as stopped:
            try:
                _send(self._requests, dict(request))
                while (message := self._receive()).header.get("kind") == "reply":
                    yield Reply(message.header["reply"], message.data)
            except (OSError, ValueError, KeyError) as error:
                if stopped.is_set():
                    raise RunStopped("Stopped while a file was read.") from error
                raise SandboxError(self._describe_end()) from error
        _raise_error(message.header)

    def _wait_until_ready(self) -> None:
        if self._is_ready:
            return
        with contextlib.suppress(OSError, ValueError):
            self._is_ready = self._receive().header.get("kind") == "ready"
        if not self._is_ready:
            raise WorkerDiedError(f"The {self._purpose} cannot be started.", "Install Graft's requirements again.")

    def _receive(self) -> Reply:
        message = _receive(self._replies, self._limits.reply_bytes)
        if message is None:
            raise BrokenPipeError("the process has ended")
        return message

    def _describe_end(self) -> Cause:
        """Why the process does not answer; it is killed if it still runs, because it sent something else."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        ended = self._process.poll()
        self.close()
        if self._exceeded_memory:
            return "memory"
        return "time" if ended in TIMEOUT_STATUSES else "crash"

    @contextlib.contextmanager
    def _watch_stop(self, should_stop: Callable[[], bool] | None) -> Iterator[threading.Event]:
        """Kill the process when a person asks to stop."""
        stopped, over = threading.Event(), threading.Event()

        def watch(should_stop: Callable[[], bool]) -> None:
            while not over.wait(WATCH_SECONDS):
                if should_stop():
                    stopped.set()
                    self._process.kill()
                    return

        if should_stop is None:
            yield stopped
            return
        thread = threading.Thread(target=watch, args=(should_stop,), daemon=True)
        thread.start()
        try:
            yield stopped
        finally:
            over.set()
            thread.join()

    def _watch_memory(self) -> None:
        """Kill the process when it exceeds its memory, where the system cannot limit a process."""
        with contextlib.suppress(psutil.Error, subprocess.TimeoutExpired):
            process = psutil.Process(self._process.pid)
            initial = process.memory_info().rss
            while self._process.poll() is None:
                if process.memory_info().rss - initial > self._limits.memory_bytes:
                    self._exceeded_memory = True
                    self._process.kill()
                threading.Event().wait(WATCH_SECONDS)


def _raise_error(header: Mapping[str, Any]) -> None:
    """Raise what the handler raised, if anything."""
    kind = header.get("kind")
    if kind == "end":
        return
    if kind == "memory":
        raise SandboxError("memory")
    error = getattr(errors, str(header.get("error")), None)
    if not (inspect.isclass(error) and issubclass(error, GraftError)):
        raise SandboxError("crash")
    raise error(str(header.get("sentence")), str(header.get("hint")))


def _send(stream: IO[bytes], header: dict[str, Any], data: bytes = b"") -> None:
    text = json.dumps(header).encode()
    stream.write(LENGTHS.pack(len(text), len(data)) + text)
    stream.write(data)
    stream.flush()


def _receive(stream: IO[bytes], max_bytes: int) -> Reply | None:
    """Read a message; None if the other process has ended, even in the middle of a message.

    Raises:
        ValueError: It is larger than allowed, or its header is not a JSON object.
    """
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    n_text, n_data = LENGTHS.unpack(lengths)
    if n_text > MAX_HEADER_BYTES or n_data > max_bytes:
        raise ValueError(f"a message of {n_text:,} and {n_data:,} bytes is too large")
    text, data = stream.read(n_text), stream.read(n_data)
    if len(text) < n_text or len(data) < n_data:
        return None
    header = json.loads(text)
    if not isinstance(header, dict):
        raise ValueError("the header of a message is no JSON object")
    return Reply(header, data)


def _serve(handler: Callable[[dict[str, Any]], Any], replies: IO[bytes], seconds: float, clock_seconds: float) -> None:
    """Send a ready message, then answer requests until the parent closes the pipe."""
    _send(replies, {"kind": "ready"})
    with Path(os.devnull).open("w") as devnull:
        while (request := _receive(sys.stdin.buffer, 0)) is not None:
            faulthandler.dump_traceback_later(clock_seconds, exit=True, file=devnull)
            _limit_processor_time(seconds)
            last = _answer(handler, request.header, replies)
            _limit_processor_time(0)
            faulthandler.cancel_dump_traceback_later()
            _send(replies, last)


def _answer(handler: Callable[[dict[str, Any]], Any], request: dict[str, Any], replies: IO[bytes]) -> dict[str, str]:
    """Run the handler, send its replies, and return the last message."""
    try:
        answer = handler(request)
        for header, data in _each_reply(answer):
            _send(replies, {"kind": "reply", "reply": header}, data)
    except MemoryError:
        return {"kind": "memory"}
    except GraftError as error:
        return {"kind": "error", "error": type(error).__name__, "sentence": error.sentence, "hint": error.hint}
    except Exception as error:  # whatever a hostile file causes is the parent's business
        return {"kind": "error", "error": type(error).__name__}
    return {"kind": "end"}


def _each_reply(answer: Any) -> Iterable[tuple[dict[str, Any], bytes]]:  # noqa: ANN401 - a reply or an iterator
    return (answer,) if isinstance(answer, tuple) else answer


def _limit_processor_time(seconds: float) -> None:
    """Let the system end this process after so much processor time; 0 cancels that."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory(n_bytes: int) -> None:
    """Limit further allocations on Linux, and write no core dump; elsewhere the parent watches the memory."""
    if sys.platform != "linux":
        return
    import resource

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + n_bytes, used + n_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _redirect_output() -> IO[bytes]:
    """Reserve standard output for replies, and discard what native libraries print."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    devnull = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(devnull, stream.fileno())
    return replies


def _main(handler: str, seconds: str, clock_seconds: str, memory_bytes: str, folder: str) -> None:
    output = _redirect_output()
    confine(Path(folder) if folder else None)
    module, function = handler.split(":")
    target = getattr(importlib.import_module(module), function)
    _limit_memory(int(memory_bytes))
    _serve(target, output, float(seconds), float(clock_seconds))


if __name__ == "__main__":
    _main(*sys.argv[1:])
