"""Zip and tar archives, listed and read in a child process with limits: a hostile one harms only its own intake.

The child opens the archive with `core.intake.archives` and answers three requests: `open` lists the entries, `tables`
gives the bytes of the tables, and `read` the bytes of one entry, in ascending order.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, Literal

from core.errors import ArchiveError
from core.intake import rejection_messages
from core.intake.archives import DAMAGED_DATA, Tar, Zip
from core.intake.file_names import NameReading, split_path
from core.intake.results import MEGABYTE, Limits, Rejected
from core.intake.sources import Entry, Opener, Source
from core.sandbox import Sandbox, SandboxError, SandboxLimits

ArchiveKind = Literal["zip", "tar"]

MEMORY_BYTES: Final = 512 * MEGABYTE
# Processor time for one request: a base, and time to decompress what the archive holds.
BASE_SECONDS: Final = 30
PACKED_BYTES_PER_SECOND: Final = 20 * MEGABYTE
MAX_PARTS: Final = 64
MAX_NAME_LENGTH: Final = 2000
SHOWN_NAME_LENGTH: Final = 200
# Entries in one reply of the child.
LISTED_TOGETHER: Final = 1000
CHUNK_BYTES: Final = 1024**2


class SandboxedArchive(Source):
    """An archive whose bytes only a child process parses.

    Args:
        path: The file.
        title: Its name, for a person.
        kind: `zip` or `tar`.
        limits: Its limits.
        should_stop: Whether a person asked to stop; the child is killed then.
        options: Further arguments of `Zip`, as plain JSON values.

    Raises:
        ArchiveError: It cannot be used as a whole, or takes too much time or memory.
        RunStopped: A person asked to stop while it was listed.
    """

    def __init__(
        self,
        path: Path,
        title: str,
        kind: ArchiveKind,
        limits: Limits,
        should_stop: Callable[[], bool] | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(title, limits)
        self._should_stop = should_stop
        self._numbers: list[int] = []
        seconds = BASE_SECONDS + path.stat().st_size / PACKED_BYTES_PER_SECOND
        self._sandbox = Sandbox(
            "core.intake.sandboxed_archive:answer", SandboxLimits(seconds, MEMORY_BYTES), purpose="archive reader"
        )
        request = {"action": "open", "path": str(path.absolute()), "title": title, "kind": kind, "options": options}
        try:
            for header, _ in self._stream(request | {"limits": asdict(limits)}, should_stop):
                self._list(header)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the child process."""
        self._sandbox.close()

    def read(self) -> Iterator[tuple[Entry, Opener]]:
        """Yield every entry with a function that opens it."""
        for entry, number in zip(self.entries, self._numbers, strict=True):
            yield entry, partial(self._open, number)

    def read_tables(self) -> Iterator[tuple[Entry, bytes]]:
        """Yield the tables and the text files that may be lists, with their bytes."""
        entries = dict(zip(self._numbers, self.entries, strict=True))
        for header, data in self._stream({"action": "tables"}, self._should_stop):
            if header["number"] in entries:
                yield entries[header["number"]], data

    def _open(self, number: int) -> IO[bytes]:
        return _EntryReader(self._stream({"action": "read", "number": number}))

    def _stream(
        self, request: dict[str, Any], should_stop: Callable[[], bool] | None = None
    ) -> Iterator[tuple[dict[str, Any], bytes]]:
        try:
            yield from self._sandbox.stream(request, should_stop)
        except SandboxError as error:
            what = {"time": "takes too long to read", "memory": "takes too much memory to read"}
            raise ArchiveError(
                f"{self.title} {what.get(error.cause, 'cannot be read')}; it may be damaged.",
                "Pack the images again, as a zip.",
            ) from error

    def _list(self, header: dict[str, Any]) -> None:
        """Add listed entries, except those whose names would take too much to handle.

        Raises:
            ArchiveError: All names together are too long.
        """
        self.readings += [NameReading(coding, tuple(names)) for coding, names in header["readings"]]
        for number, name, size in header["entries"]:
            parts = split_path(name) or (name,)
            if len(parts) > MAX_PARTS or len(name) > MAX_NAME_LENGTH:
                self.rejected.append(Rejected(_shorten(name), rejection_messages.TOO_DEEP))
            else:
                self.entries.append(Entry(name, parts, size))
                self._numbers.append(number)
        self.rejected += [Rejected(_shorten(name), reason) for name, reason in header["refused"]]


class _EntryReader(io.BytesIO):
    """The bytes of one entry, as the child sends them; only `read` may be used."""

    def __init__(self, replies: Iterator[tuple[dict[str, Any], bytes]]) -> None:
        super().__init__()
        self._replies = replies

    def read(self, _size: int | None = -1) -> bytes:
        """Read the next chunk, whatever its size; empty at the end.

        Raises:
            EOFError: The entry is damaged.
            NotImplementedError: Its compression is unknown.
        """
        for header, data in self._replies:
            if header.get("error") == "compression":
                raise NotImplementedError
            if header.get("error"):
                raise EOFError
            return data
        return b""

    def close(self) -> None:
        """Read to the end, for the child answers one request after another."""
        for _ in self._replies:
            pass
        super().close()


def _shorten(name: str) -> str:
    return name if len(name) <= SHOWN_NAME_LENGTH else f"{name[:SHOWN_NAME_LENGTH]}…"


def _shorten_all(names: Sequence[str]) -> list[str]:
    return [_shorten(name) for name in names]


class _Child:
    """What the child process keeps between requests."""

    def __init__(self) -> None:
        self.source: Source | None = None
        self._numbered: Iterator[tuple[int, Opener]] = iter(())
        self._next: tuple[int, Opener] | None = None

    def open(self, request: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
        opener = {"zip": Zip, "tar": Tar}[request["kind"]]
        limits = replace(Limits(), **request["limits"])
        self.source = opener(Path(request["path"]), request["title"], limits, **(request["options"] or {}))
        entries = [(number, entry.name, entry.size) for number, entry in enumerate(self.source.entries)]
        refused = [(one.name, one.reason) for one in self.source.rejected]
        for start in range(0, max(len(entries), len(refused)), LISTED_TOGETHER):
            part = slice(start, start + LISTED_TOGETHER)
            readings = [(one.coding, _shorten_all(one.names)) for one in self.source.readings] if not start else []
            yield {"entries": entries[part], "refused": refused[part], "readings": readings}, b""

    def tables(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        assert self.source is not None
        numbers = {id(entry): number for number, entry in enumerate(self.source.entries)}
        for entry, data in self.source.read_tables():
            yield {"number": numbers[id(entry)]}, data

    def read(self, number: int) -> Iterator[tuple[dict[str, Any], bytes]]:
        try:
            with self._find(number)() as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield {}, chunk
        except NotImplementedError:
            yield {"error": "compression"}, b""
        except DAMAGED_DATA:
            yield {"error": "damaged"}, b""

    def _find(self, number: int) -> Opener:
        assert self.source is not None
        if self._next is None or self._next[0] > number:
            self._numbered = ((at, opener) for at, (_, opener) in enumerate(self.source.read()))
            self._next = next(self._numbered)
        while self._next[0] < number:
            self._next = next(self._numbered)
        return self._next[1]


_CHILD = _Child()


def answer(request: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Answer one request of `SandboxedArchive`, in the child process."""
    if request["action"] == "open":
        return _CHILD.open(request)
    if request["action"] == "tables":
        return _CHILD.tables()
    return _CHILD.read(request["number"])
