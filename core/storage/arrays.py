"""A bounded store of rows that can be computed again: working copies of pixels, activations.

A namespace holds rows of one shape and type under text keys; its name is a fingerprint of all that decides the values,
so a row is never stale. Rows lie in shards: `<id>.npy` with the rows and `<id>.keys.npy` with the hashes of their keys.
Both are written under another name and renamed, the keys last, so that a shard is there whole or not at all, whoever
is killed when. Any number of processes may read and append at once; two that compute the same row both keep it, and
one is read.

Rows are read into an array, not mapped: a mapping would count every page that was ever touched as memory of the worker,
and a mapped file cannot be removed on Windows. What stays in memory is 24 bytes a row.
"""

import contextlib
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import filelock
import numpy as np
from numpy.typing import NDArray

from core.storage.disk import describe_disk_errors
from core.storage.shards import (
    KEY_TYPE,
    KEYS_SUFFIX,
    Index,
    Reader,
    ShardGoneError,
    hash_keys,
    remove_stale,
    rows_path,
    write_shard,
)

SHARD_BYTES: Final = 32 * 1024**2
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")

Rows = NDArray[Any]
Mask = NDArray[np.bool_]


class ArrayStore:
    """All namespaces below one folder, bounded together; what was used longest ago goes first.

    Args:
        folder: Where the namespaces lie; created when first written to.
        limit_bytes: Bound of all shards together.
        shard_bytes: Rows are gathered up to this size before they are written.
    """

    def __init__(self, folder: Path, limit_bytes: int, shard_bytes: int = SHARD_BYTES) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes
        self.shard_bytes = min(shard_bytes, max(1, limit_bytes // 4))

    def open(self, namespace: str) -> "ArrayRows":
        """Open a namespace for reading and appending.

        Args:
            namespace: Fingerprint of all that decides the rows' values; a plain file name.

        Raises:
            ValueError: The name is no plain file name.
        """
        if not NAME.fullmatch(namespace):
            raise ValueError(f"namespace {namespace!r} is no plain file name")
        return ArrayRows(self, self.folder / namespace)

    def fits(self, n_bytes: int) -> bool:
        """Whether that much can be kept at all without pushing its own first rows out again."""
        return n_bytes <= self.limit_bytes - self.shard_bytes

    def used_bytes(self) -> int:
        """Size of all shards together."""
        return sum(shard.size for shard in self._shards())

    def make_room(self, n_bytes: int) -> None:
        """Remove the shards used longest ago until so many bytes can be added within the bound.

        Raises:
            WorkspaceError: The folder is not writable.
        """
        with _plain_words(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(self.folder / ".lock"):
                self._remove_oldest(n_bytes)

    def _remove_oldest(self, n_bytes: int) -> None:
        shards = sorted(self._shards(), key=lambda shard: shard.used)
        excess = sum(shard.size for shard in shards) + n_bytes - self.limit_bytes
        for shard in shards:
            if excess <= 0:
                break
            # On Windows a file that another process has open stays, and the next oldest goes instead.
            with contextlib.suppress(PermissionError):
                shard.keys.unlink(missing_ok=True)
                rows_path(shard.keys).unlink(missing_ok=True)
                excess -= shard.size

    def _shards(self) -> Iterator["_Shard"]:
        for keys in self.folder.glob(f"*/*{KEYS_SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):
                found = keys.stat()
                yield _Shard(keys, found.st_size + rows_path(keys).stat().st_size, found.st_mtime)


class _Shard(NamedTuple):
    keys: Path
    size: int
    used: float


class ArrayRows:
    """One namespace; may be used by several threads. Leaving its `with` writes what was gathered."""

    def __init__(self, store: ArrayStore, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._lock = threading.RLock()
        self._index = Index(folder)
        self._reader = Reader(folder)
        self._gathered: dict[bytes, Rows] = {}
        self._gathered_bytes = 0
        remove_stale(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def present(self, keys: Sequence[str]) -> Mask:
        """(n,) whether the row of each key is there now; one that is there may be gone when it is read."""
        hashes = hash_keys(keys)
        with self._lock:
            self._index.refresh()
            shards, _ = self._index.find(hashes)
            return (shards >= 0) | self._is_gathered(hashes)

    def get(self, keys: Sequence[str]) -> tuple[Mask, Rows]:
        """Read the rows that are there.

        Args:
            keys: n keys, in any order; reading is fastest in the order in which the rows were appended.

        Returns:
            (n,) mask of the keys that are there, and the rows of those in the keys' order, (n_there, *shape).
        """
        hashes = hash_keys(keys)
        with self._lock:
            while True:
                shards, rows = self._index.find(hashes)
                if (shards < 0).any() and self._index.refresh():
                    continue
                try:
                    return self._gather(hashes, shards, rows)
                except ShardGoneError as error:
                    self._index.forget(error.name)

    def append(self, keys: Sequence[str], rows: Rows) -> None:
        """Add rows; they are written once a shard's worth is gathered, or on `flush`.

        Args:
            keys: n keys.
            rows: (n, *shape), always of the same shape and of the same of NumPy's own types.

        Raises:
            WorkspaceError: The disk is full or not writable.
            ValueError: The number of keys and rows differ, or the rows' shape or type is another than before.
        """
        if len(keys) != len(rows):
            raise ValueError(f"{len(keys)} keys, {len(rows)} rows")
        with self._lock:
            for key, row in zip(hash_keys(keys).tolist(), rows, strict=True):
                self._check_shape(row)
                self._gathered_bytes += 0 if key in self._gathered else row.nbytes
                self._gathered[key] = np.array(row, order="C")
                if self._gathered_bytes >= self._store.shard_bytes:
                    self.flush()

    def flush(self) -> None:
        """Write what was gathered.

        Raises:
            WorkspaceError: The disk is full or not writable; what was gathered is given up.
        """
        with self._lock:
            rows, self._gathered = self._gathered, {}
            n_bytes, self._gathered_bytes = self._gathered_bytes, 0
            if not rows:
                return
            self._store.make_room(n_bytes + KEY_TYPE.itemsize * len(rows))
            with _plain_words(self._folder):
                self._folder.mkdir(parents=True, exist_ok=True)
                name = write_shard(self._folder, rows)
            self._index.add(name, np.fromiter(rows, KEY_TYPE, len(rows)))

    def _check_shape(self, row: Rows) -> None:
        for first in self._gathered.values():
            if row.shape != first.shape or row.dtype != first.dtype:
                raise ValueError(f"a row of {row.shape} {row.dtype} among rows of {first.shape} {first.dtype}")
            break

    def _is_gathered(self, hashes: Rows) -> Mask:
        return np.fromiter((key in self._gathered for key in hashes.tolist()), bool, len(hashes))

    def _gather(self, hashes: Rows, shards: NDArray[np.int64], rows: NDArray[np.int64]) -> tuple[Mask, Rows]:
        gathered = self._is_gathered(hashes) & (shards < 0)
        there = (shards >= 0) | gathered
        positions = np.cumsum(there) - 1
        out: Rows = np.empty(0)
        for shard in np.unique(shards[shards >= 0]):
            name = self._index.name(int(shard))
            if not len(out):
                shape, dtype = self._reader.kind(name)
                out = np.empty((int(there.sum()), *shape), dtype)
            inside = np.flatnonzero(shards == shard)
            inside = inside[np.argsort(rows[inside], kind="stable")]
            self._reader.read(name, rows[inside], out, positions[inside])
        for at in np.flatnonzero(gathered):
            row = self._gathered[bytes(hashes[at])]
            if not len(out):
                out = np.empty((int(there.sum()), *row.shape), row.dtype)
            out[positions[at]] = row
        return there, out


def _plain_words(folder: Path) -> contextlib.AbstractContextManager[None]:
    return describe_disk_errors(f"The cache {folder}", "Free some space, or set GRAFT_CACHE_GB to less.")
