"""A bounded cache of rows that can be computed again: working copies of pixels, activations.

A namespace holds rows of one shape and type under text keys: the digest of an image, or one with a slash and what was
made of it. Its name is a fingerprint of everything that determines
the values, so a row is never stale. Rows are stored in shards (`core.storage.shards`), which appear complete or not at
all. Any number of processes may read and append at once; if two compute the same row, both are stored and one is read.

Rows are read into an array, not mapped: a mapping would count every page ever touched as memory of the worker, and a
mapped file cannot be removed on Windows. The index keeps 24 bytes a row in memory.
"""

import contextlib
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import filelock
import numpy as np
from numpy.typing import NDArray

from core.storage.disk import describe_disk_errors
from core.storage.shards import (
    KEY_TYPE,
    KEYS_PATTERN,
    OWNER_TYPE,
    Index,
    Reader,
    ShardGoneError,
    hash_keys,
    remove_rows,
    remove_stale,
    rows_path,
    write_shard,
)

SHARD_BYTES: Final = 32 * 1024**2
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")

Rows = NDArray[Any]
Mask = NDArray[np.bool_]


class ArrayStore:
    """All namespaces in one folder, bounded together; the least recently used rows are removed first.

    Args:
        folder: Folder of the namespaces; created by the first write.
        limit_bytes: Bound of all shards together, in bytes.
        shard_bytes: Rows are buffered up to this size before they are written.
    """

    def __init__(self, folder: Path, limit_bytes: int, shard_bytes: int = SHARD_BYTES) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes
        self.shard_bytes = min(shard_bytes, max(1, limit_bytes // 4))

    def open(self, namespace: str) -> "ArrayRows":
        """Open a namespace for reading and appending.

        Args:
            namespace: Fingerprint of everything that determines the rows' values; a plain file name.

        Raises:
            ValueError: The name is not a plain file name.
        """
        if not NAME.fullmatch(namespace):
            raise ValueError(f"namespace {namespace!r} is not a plain file name")
        return ArrayRows(self, self.folder / namespace)

    def fits(self, n_bytes: int) -> bool:
        """Whether so many bytes fit without evicting their own first rows."""
        return n_bytes <= self.limit_bytes - self.shard_bytes

    def used_bytes(self) -> int:
        """Size of all shards together."""
        return sum(shard.size for shard in self._shards())

    def make_room(self, n_bytes: int) -> None:
        """Remove the least recently used shards until so many bytes can be added within the bound.

        Raises:
            WorkspaceError: The folder is not writable.
        """
        with _describe_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(self.folder / ".lock"):
                self._remove_oldest(n_bytes)

    def remove(self, keys: Iterable[str]) -> None:
        """Remove all rows of these keys, and of keys that continue one of them after a slash, in every namespace.

        Raises:
            WorkspaceError: The folder is not writable.
        """
        owners = hash_keys(keys).view(OWNER_TYPE)[::2]
        if not self.folder.exists():
            return
        with _describe_errors(self.folder), filelock.FileLock(self.folder / ".lock"):
            for keys_file in list(self.folder.glob(f"*/{KEYS_PATTERN}")):
                remove_rows(keys_file, owners)

    def _remove_oldest(self, n_bytes: int) -> None:
        shards = sorted(self._shards(), key=lambda shard: shard.used)
        excess = sum(shard.size for shard in shards) + n_bytes - self.limit_bytes
        for shard in shards:
            if excess <= 0:
                break
            # On Windows a file that another process has open cannot be removed; the next one is removed instead.
            with contextlib.suppress(PermissionError):
                shard.keys.unlink(missing_ok=True)
                rows_path(shard.keys).unlink(missing_ok=True)
                excess -= shard.size

    def _shards(self) -> Iterator["_Shard"]:
        for keys in self.folder.glob(f"*/{KEYS_PATTERN}"):
            with contextlib.suppress(FileNotFoundError):
                found = keys.stat()
                yield _Shard(keys, found.st_size + rows_path(keys).stat().st_size, found.st_mtime)


class _Shard(NamedTuple):
    keys: Path
    size: int
    used: float


class ArrayRows:
    """One namespace; several threads may use it. Leaving its `with` block writes the buffered rows."""

    def __init__(self, store: ArrayStore, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._lock = threading.RLock()
        self._index = Index(folder)
        self._reader = Reader(folder)
        self._buffered: dict[bytes, Rows] = {}
        self._buffered_bytes = 0
        remove_stale(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def present(self, keys: Sequence[str]) -> Mask:
        """Return (n,) whether each key has a row now; another process may remove it before it is read."""
        hashes = hash_keys(keys)
        with self._lock:
            self._index.refresh()
            shards, _ = self._index.find(hashes)
            return (shards >= 0) | self._is_buffered(hashes)

    def get(self, keys: Sequence[str]) -> tuple[Mask, Rows]:
        """Read the rows that exist.

        Args:
            keys: n keys, in any order; reading is fastest in the order in which the rows were appended.

        Returns:
            (n,) mask of the keys that have a row, and those rows in the keys' order, (n_present, *shape).
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
        """Add rows; they are written when a shard is full, or on `flush`.

        Args:
            keys: n keys.
            rows: (n, *shape), of the same shape and the same NumPy type in every call.

        Raises:
            WorkspaceError: The disk is full or not writable.
            ValueError: The numbers of keys and rows differ, or the rows' shape or type changed.
        """
        if len(keys) != len(rows):
            raise ValueError(f"{len(keys)} keys, {len(rows)} rows")
        with self._lock:
            for key, row in zip(hash_keys(keys).tolist(), rows, strict=True):
                self._check_shape(row)
                self._buffered_bytes += 0 if key in self._buffered else row.nbytes
                self._buffered[key] = np.array(row, order="C")
                if self._buffered_bytes >= self._store.shard_bytes:
                    self.flush()

    def flush(self) -> None:
        """Write the buffered rows.

        Raises:
            WorkspaceError: The disk is full or not writable; the buffered rows are dropped.
        """
        with self._lock:
            rows, self._buffered = self._buffered, {}
            n_bytes, self._buffered_bytes = self._buffered_bytes, 0
            if not rows:
                return
            self._store.make_room(n_bytes + KEY_TYPE.itemsize * len(rows))
            with _describe_errors(self._folder):
                self._folder.mkdir(parents=True, exist_ok=True)
                name = write_shard(self._folder, rows)
            self._index.add(name, np.fromiter(rows, KEY_TYPE, len(rows)))

    def _check_shape(self, row: Rows) -> None:
        for first in self._buffered.values():
            if row.shape != first.shape or row.dtype != first.dtype:
                raise ValueError(f"a row of {row.shape} {row.dtype} among rows of {first.shape} {first.dtype}")
            break

    def _is_buffered(self, hashes: Rows) -> Mask:
        return np.fromiter((key in self._buffered for key in hashes.tolist()), bool, len(hashes))

    def _gather(self, hashes: Rows, shards: NDArray[np.int64], rows: NDArray[np.int64]) -> tuple[Mask, Rows]:
        buffered = self._is_buffered(hashes) & (shards < 0)
        present = (shards >= 0) | buffered
        positions = np.cumsum(present) - 1
        out: Rows = np.empty(0)
        for shard in np.unique(shards[shards >= 0]):
            name = self._index.name(int(shard))
            if not len(out):
                shape, dtype = self._reader.kind(name)
                out = np.empty((int(present.sum()), *shape), dtype)
            inside = np.flatnonzero(shards == shard)
            inside = inside[np.argsort(rows[inside], kind="stable")]
            self._reader.read(name, rows[inside], out, positions[inside])
        for at in np.flatnonzero(buffered):
            row = self._buffered[bytes(hashes[at])]
            if not len(out):
                out = np.empty((int(present.sum()), *row.shape), row.dtype)
            out[positions[at]] = row
        return present, out


def _describe_errors(folder: Path) -> contextlib.AbstractContextManager[None]:
    return describe_disk_errors(f"The cache {folder}", "Free some space, or set GRAFT_CACHE_GB to less.")
