"""The files of one namespace of `core.storage.arrays`: shards written whole, found by hashed keys, read row by row."""

import contextlib
import hashlib
import io
import os
import secrets
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

STALE_SECONDS: Final = 3600
TOUCH_SECONDS: Final = 60
KEY_TYPE: Final = np.dtype("S16")
KEYS_SUFFIX: Final = ".keys.npy"
PART_SUFFIX: Final = ".part"

Array = NDArray[Any]


class ShardGoneError(Exception):
    """A shard was removed by another process, or is not whole."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def hash_keys(keys: Iterable[str]) -> Array:
    """(n,) 16 bytes a key, whatever its length."""
    return np.array([hashlib.blake2b(key.encode(), digest_size=KEY_TYPE.itemsize).digest() for key in keys], KEY_TYPE)


def rows_path(keys: Path) -> Path:
    """The rows that belong to a file of keys."""
    return keys.with_name(keys.name.removesuffix(KEYS_SUFFIX) + ".npy")


def write_shard(folder: Path, rows: Mapping[bytes, Array]) -> str:
    """Write rows under their hashed keys; visible to others at once and whole.

    Returns:
        The shard's name.

    Raises:
        OSError: The disk is full or not writable; nothing is left behind.
    """
    name = secrets.token_hex(8)
    first = next(iter(rows.values()))
    header = {
        "descr": npy.dtype_to_descr(first.dtype),
        "fortran_order": False,
        "shape": (len(rows), *first.shape),
    }
    parts = [folder / f"{name}{PART_SUFFIX}", folder / f"{name}.keys{PART_SUFFIX}"]
    try:
        with parts[0].open("wb") as file:
            npy.write_array_header_1_0(file, header)
            for row in rows.values():
                file.write(row.data)
        with parts[1].open("wb") as file:
            np.save(file, np.fromiter(rows, KEY_TYPE, len(rows)))
        parts[0].replace(folder / f"{name}.npy")
        parts[1].replace(folder / f"{name}{KEYS_SUFFIX}")
    except BaseException:
        for path in (*parts, folder / f"{name}.npy"):
            path.unlink(missing_ok=True)
        raise
    return name


def remove_stale(folder: Path) -> None:
    """Remove what a killed process left half written an hour ago or longer."""
    oldest = time.time() - STALE_SECONDS
    orphans = (
        path
        for path in folder.glob("*.npy")
        if not path.name.endswith(KEYS_SUFFIX) and not path.with_name(path.stem + KEYS_SUFFIX).exists()
    )
    for path in (*folder.glob(f"*{PART_SUFFIX}"), *orphans):
        with contextlib.suppress(FileNotFoundError, PermissionError):
            if path.stat().st_mtime < oldest:
                path.unlink()


class Index:
    """Where each key's row lies: sorted hashes, and for each the number of its shard and its row in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._next = 0
        self._held: dict[int, tuple[str, Array]] = {}
        self._sorted: tuple[Array, NDArray[np.int32], NDArray[np.int32]] | None = None

    def name(self, shard: int) -> str:
        """The name of a shard by its number."""
        return self._held[shard][0]

    def refresh(self) -> bool:
        """See what other processes added or removed; whether anything was."""
        there = {path.name.removesuffix(KEYS_SUFFIX) for path in self._folder.glob(f"*{KEYS_SUFFIX}")}
        gone = [shard for shard, (name, _) in self._held.items() if name not in there]
        for shard in gone:
            del self._held[shard]
        added = 0
        for name in sorted(there - {name for name, _ in self._held.values()}):
            with contextlib.suppress(OSError, ValueError, EOFError):  # removed in between, or not whole
                self.add(name, np.load(self._folder / f"{name}{KEYS_SUFFIX}"))
                added += 1
        if gone:
            self._sorted = None
        return bool(gone or added)

    def add(self, name: str, hashes: Array) -> None:
        """Take up a shard."""
        self._held[self._next] = (name, hashes)
        self._next += 1
        self._sorted = None

    def forget(self, name: str) -> None:
        """Give up a shard that cannot be read, on the disk too: its keys would bring it back."""
        self._held = {shard: held for shard, held in self._held.items() if held[0] != name}
        self._sorted = None
        with contextlib.suppress(PermissionError):
            (self._folder / f"{name}{KEYS_SUFFIX}").unlink(missing_ok=True)

    def find(self, hashes: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(n,) number of the shard, -1 where there is none, and (n,) row in it."""
        keys, shards, rows = self._sort()
        if not len(keys):
            return np.full(len(hashes), -1, np.int64), np.zeros(len(hashes), np.int64)
        at = np.minimum(np.searchsorted(keys, hashes), len(keys) - 1)
        return np.where(keys[at] == hashes, shards[at], -1).astype(np.int64), rows[at].astype(np.int64)

    def _sort(self) -> tuple[Array, NDArray[np.int32], NDArray[np.int32]]:
        if self._sorted is None:
            lengths = [len(hashes) for _, hashes in self._held.values()]
            keys = np.concatenate([np.empty(0, KEY_TYPE), *(hashes for _, hashes in self._held.values())])
            shards = np.repeat(np.fromiter(self._held, np.int32, len(self._held)), lengths)
            rows = np.concatenate([np.empty(0, np.int32), *(np.arange(n, dtype=np.int32) for n in lengths)])
            order = np.argsort(keys, kind="stable")
            self._sorted = keys[order], shards[order], rows[order]
        return self._sorted


class Reader:
    """Reads rows out of shards; keeps what it knows of them, and no file open, so that any may be removed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._headers: dict[str, _Header] = {}
        self._touched: dict[str, float] = {}

    def kind(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Shape and type of a shard's rows.

        Raises:
            ShardGoneError: It is not there or not whole.
        """
        if name not in self._headers:
            try:
                with (self._folder / f"{name}.npy").open("rb", buffering=0) as file:
                    npy.read_magic(file)
                    shape, _, dtype = npy.read_array_header_1_0(file)
                    self._headers[name] = _Header(shape[1:], dtype, file.tell())
            except (OSError, ValueError, EOFError) as error:
                raise ShardGoneError(name) from error
        header = self._headers[name]
        return header.shape, header.dtype

    def read(self, name: str, rows: NDArray[np.int64], out: Array, positions: NDArray[np.int64]) -> None:
        """Fill `out[positions]` with a shard's `rows`, ascending; stretches that lie together are read at once.

        Raises:
            ShardGoneError: The shard is not there or not whole.
        """
        self.kind(name)
        self._touch(name)
        breaks = np.flatnonzero((np.diff(rows) != 1) | (np.diff(positions) != 1)) + 1
        try:
            with (self._folder / f"{name}.npy").open("rb", buffering=0) as file:
                for start, stop in zip([0, *breaks.tolist()], [*breaks.tolist(), len(rows)], strict=True):
                    at = int(positions[start])
                    file.seek(self._headers[name].position(int(rows[start])))
                    _read_into(file, out[at : at + stop - start])
        except (OSError, EOFError) as error:
            self._headers.pop(name, None)
            raise ShardGoneError(name) from error

    def _touch(self, name: str) -> None:
        now = time.monotonic()
        if now - self._touched.get(name, -np.inf) > TOUCH_SECONDS:
            self._touched[name] = now
            with contextlib.suppress(OSError):
                os.utime(self._folder / f"{name}{KEYS_SUFFIX}")


class _Header(NamedTuple):
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int

    def position(self, row: int) -> int:
        return self.offset + row * int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize


def _read_into(file: io.FileIO, out: Array) -> None:
    rest = out.reshape(-1).view(np.uint8).data
    while rest:
        n = file.readinto(rest)
        if not n:
            raise EOFError
        rest = rest[n:]
