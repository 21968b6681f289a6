"""The file format of one namespace of `core.storage.arrays`.

A shard is `<id>.npy` with the rows and `<id>.keys.npy` with the hashes of their keys. The keys are written last and
atomically, so rows without keys belong to a process that is still writing, or was killed.
"""

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

from core.storage.atomic import atomic_path

STALE_SECONDS: Final = 3600
TOUCH_SECONDS: Final = 60
KEY_TYPE: Final = np.dtype("S16")
OWNER_TYPE: Final = np.dtype("S8")
KEYS_SUFFIX: Final = ".keys.npy"
KEYS_PATTERN: Final = f"[!.]*{KEYS_SUFFIX}"  # without the parts of files that are being written

Array = NDArray[Any]


class ShardGoneError(Exception):
    """A shard was removed by another process, or is incomplete."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def hash_keys(keys: Iterable[str]) -> Array:
    """Return (n,) hashes of 16 bytes each: 8 of what stands before the first slash of a key, 8 of the whole key."""
    return np.array([_hash(key.partition("/")[0]) + _hash(key) for key in keys], KEY_TYPE)


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=OWNER_TYPE.itemsize).digest()


def rows_path(keys: Path) -> Path:
    """Path of the rows that belong to a file of keys."""
    return keys.with_name(keys.name.removesuffix(KEYS_SUFFIX) + ".npy")


def write_shard(folder: Path, rows: Mapping[bytes, Array]) -> str:
    """Write rows under their hashed keys as one shard, which other processes see only when it is complete.

    Returns:
        The shard's name.

    Raises:
        OSError: The disk is full or not writable; no file is left.
    """
    name = secrets.token_hex(8)
    first = next(iter(rows.values()))
    header = {
        "descr": npy.dtype_to_descr(first.dtype),
        "fortran_order": False,
        "shape": (len(rows), *first.shape),
    }
    keys = folder / f"{name}{KEYS_SUFFIX}"
    try:
        with rows_path(keys).open("wb") as file:
            npy.write_array_header_1_0(file, header)
            for row in rows.values():
                file.write(row.data)
        with atomic_path(keys, shared=True) as part:
            np.save(part, np.fromiter(rows, KEY_TYPE, len(rows)))
    except BaseException:
        rows_path(keys).unlink(missing_ok=True)
        raise
    return name


def remove_rows(keys_file: Path, owners: Array) -> None:
    """Remove rows from a shard: write the others as a new shard, then remove the old one.

    Args:
        keys_file: The shard's file of keys.
        owners: (n,) first halves of the hashes of the rows to be removed.

    Raises:
        OSError: The disk is full or not writable.
    """
    try:
        hashes = np.load(keys_file)
        kept = ~np.isin(hashes.view(OWNER_TYPE)[::2], owners)
        if kept.all():
            return
        rows = np.load(rows_path(keys_file))
    except (OSError, ValueError, EOFError):  # removed meanwhile, or incomplete
        return
    if kept.any():
        write_shard(keys_file.parent, dict(zip(hashes[kept].tolist(), rows[kept], strict=True)))
    keys_file.unlink(missing_ok=True)
    rows_path(keys_file).unlink(missing_ok=True)


def remove_stale(folder: Path) -> None:
    """Remove rows without keys that are older than an hour: their writer was killed."""
    oldest = time.time() - STALE_SECONDS
    orphans = (
        path
        for path in folder.glob("*.npy")
        if not path.name.endswith(KEYS_SUFFIX) and not path.with_name(path.stem + KEYS_SUFFIX).exists()
    )
    for path in (*folder.glob("*.part"), *orphans):  # `*.part`: of version 0.1
        with contextlib.suppress(FileNotFoundError, PermissionError):
            if path.stat().st_mtime < oldest:
                path.unlink()


class Index:
    """Location of each key's row: sorted hashes, and for each the number of its shard and its row there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._next = 0
        self._shards: dict[int, tuple[str, Array]] = {}
        self._sorted: tuple[Array, NDArray[np.int32], NDArray[np.int32]] | None = None

    def name(self, shard: int) -> str:
        """Name of a shard by its number."""
        return self._shards[shard][0]

    def refresh(self) -> bool:
        """Read what other processes added or removed; return whether anything changed."""
        there = {path.name.removesuffix(KEYS_SUFFIX) for path in self._folder.glob(KEYS_PATTERN)}
        gone = [shard for shard, (name, _) in self._shards.items() if name not in there]
        for shard in gone:
            del self._shards[shard]
        added = 0
        for name in sorted(there - {name for name, _ in self._shards.values()}):
            with contextlib.suppress(OSError, ValueError, EOFError):  # removed meanwhile, or incomplete
                self.add(name, np.load(self._folder / f"{name}{KEYS_SUFFIX}"))
                added += 1
        if gone:
            self._sorted = None
        return bool(gone or added)

    def add(self, name: str, hashes: Array) -> None:
        """Add a shard."""
        self._shards[self._next] = (name, hashes)
        self._next += 1
        self._sorted = None

    def forget(self, name: str) -> None:
        """Drop a shard that cannot be read, on the disk too, or the next refresh would add it again."""
        self._shards = {number: shard for number, shard in self._shards.items() if shard[0] != name}
        self._sorted = None
        with contextlib.suppress(PermissionError):
            (self._folder / f"{name}{KEYS_SUFFIX}").unlink(missing_ok=True)

    def find(self, hashes: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (n,) shard numbers, -1 for unknown keys, and (n,) rows in those shards."""
        keys, shards, rows = self._sort()
        if not len(keys):
            return np.full(len(hashes), -1, np.int64), np.zeros(len(hashes), np.int64)
        at = np.minimum(np.searchsorted(keys, hashes), len(keys) - 1)
        return np.where(keys[at] == hashes, shards[at], -1).astype(np.int64), rows[at].astype(np.int64)

    def _sort(self) -> tuple[Array, NDArray[np.int32], NDArray[np.int32]]:
        if self._sorted is None:
            lengths = [len(hashes) for _, hashes in self._shards.values()]
            keys = np.concatenate([np.empty(0, KEY_TYPE), *(hashes for _, hashes in self._shards.values())])
            shards = np.repeat(np.fromiter(self._shards, np.int32, len(self._shards)), lengths)
            rows = np.concatenate([np.empty(0, np.int32), *(np.arange(n, dtype=np.int32) for n in lengths)])
            order = np.argsort(keys, kind="stable")
            self._sorted = keys[order], shards[order], rows[order]
        return self._sorted


class Reader:
    """Reads rows out of shards. Remembers their headers; keeps no file open, so that any shard can be removed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._headers: dict[str, _Header] = {}
        self._touched: dict[str, float] = {}

    def kind(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Return the shape and type of a shard's rows.

        Raises:
            ShardGoneError: The shard is missing or incomplete.
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
        """Fill `out[positions]` with a shard's `rows`, which are ascending; adjacent rows are read at once.

        Raises:
            ShardGoneError: The shard is missing or incomplete.
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
