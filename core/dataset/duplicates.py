"""Duplicates among stored images: searched by thumbnails, identical pixels confirmed by the originals, and cached.

The result depends on the set of images alone, so it is kept under a hash of their digests: an ingestion searches once,
and drawing the splits again or checking the images finds the result. Features and comparisons of pairs are kept too: a
set to which some images were added takes the time of these.
"""

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.dataset.grouping import Pairs, sets_by_key
from core.dataset.near_duplicates import FEATURE_BYTES, VERSION, DuplicatePairs, SearchCache, find_duplicates
from core.dataset.pixels import VERSION as PIXELS_VERSION
from core.dataset.pixels import load_image
from core.errors import ImageError
from core.settings import Settings
from core.storage.arrays import ArrayStore
from core.storage.atomic import write_atomic
from core.storage.blobs import OriginalStore

CACHED_RESULTS: Final = 50

Progress = Callable[[int, int], None]


def find_stored_duplicates(
    digests: Sequence[str],
    names: Sequence[str],
    sizes: Sequence[tuple[int, int]],
    originals: OriginalStore,
    *,
    settings: Settings | None = None,
    on_progress: Progress = lambda _done, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> DuplicatePairs:
    """Find pairs of rows that show the same picture or the same scene.

    Of rows with the same digest only the first is compared with other images; the others are identical to it.

    Args:
        digests: (n,) digest of each original.
        names: (n,) file name of each; of some formats only the suffix tells which one it is.
        sizes: (n,) upright width and height of each original.
        originals: The store of originals and thumbnails.
        settings: Where results, features and comparisons are cached; None for no cache.
        on_progress: As in `core.dataset.near_duplicates.find_duplicates`.
        should_stop: Whether to stop early; the pairs found so far are returned and not cached.

    Raises:
        WorkspaceError: The result cannot be cached: the disk is full or not writable.
    """
    first: dict[str, int] = {}
    for row, digest in enumerate(digests):
        first.setdefault(digest, row)
    unique = sorted(first)
    rows = np.array([first[digest] for digest in unique], np.int64)
    path = None if settings is None else settings.duplicates / f"{_key(unique)}.npz"
    found = None if path is None else _read(path)
    if found is None:
        found = _search(
            unique,
            [names[row] for row in rows],
            [sizes[row] for row in rows],
            originals,
            None if settings is None else ArrayStore(settings.arrays, settings.cache_bytes),
            on_progress,
            should_stop,
        )
        if path is not None and not should_stop():
            _write(path, found)
    same_file = [(rows_of[0], row) for rows_of in sets_by_key(digests) for row in rows_of[1:]]
    placed = DuplicatePairs(*(np.sort(rows[pairs], axis=1) for pairs in found))
    identical = np.concatenate([placed.identical, np.array(same_file, np.int64).reshape(-1, 2)])
    return placed._replace(identical=identical)


def _search(
    digests: Sequence[str],
    names: Sequence[str],
    sizes: Sequence[tuple[int, int]],
    originals: OriginalStore,
    store: ArrayStore | None,
    on_progress: Progress,
    should_stop: Callable[[], bool],
) -> DuplicatePairs:
    def read(row: int) -> NDArray[np.uint8]:
        with Image.open(originals.thumbnail_path(digests[row])) as thumbnail:
            return np.asarray(thumbnail.convert("RGB"), np.uint8)

    @cache
    def pixels(row: int) -> bytes:
        # Only verified images have a thumbnail, so this decodes nothing that the decoder process did not decode before.
        try:
            return hashlib.sha256(load_image(originals.path(digests[row]), names[row]).tobytes()).digest()
        except ImageError:  # the original is gone
            return digests[row].encode()

    earlier = SearchCache(store, digests) if store is not None and store.fits(len(digests) * FEATURE_BYTES) else None
    found = find_duplicates(read, len(digests), cache=earlier, on_progress=on_progress, should_stop=should_stop)
    # One picture in two containers has the same thumbnail, unless one of them was decoded at a fraction of its size.
    likely = sets_by_key(
        (sizes[row], row if should_stop() else hashlib.sha256(originals.thumbnail_path(digest).read_bytes()).digest())
        for row, digest in enumerate(digests)
    )
    pairs = {(rows[0], row) for rows in likely for row in rows[1:]}
    pairs |= {(one, other) for one, other in found.same.tolist() if sizes[one] == sizes[other]}
    identical = [pair for pair in sorted(pairs) if not should_stop() and pixels(pair[0]) == pixels(pair[1])]
    return found._replace(identical=_as_pairs(identical))


def _key(digests: Sequence[str]) -> str:
    return hashlib.sha256(f"{VERSION} {PIXELS_VERSION} {' '.join(digests)}".encode()).hexdigest()[:32]


def _read(path: Path) -> DuplicatePairs | None:
    """Read a cached result; None if there is none, or it is damaged."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return DuplicatePairs(*(_as_pairs(file[name]) for name in DuplicatePairs._fields))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, found: DuplicatePairs) -> None:
    def fill(part: Path) -> None:
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, **found._asdict())

    write_atomic(path, fill, shared=True)
    cached = sorted(path.parent.glob("*.npz"), key=lambda one: one.stat().st_mtime)
    for old in cached[:-CACHED_RESULTS]:
        old.unlink(missing_ok=True)


def _as_pairs(pairs: object) -> Pairs:
    return np.asarray(pairs, np.int64).reshape(-1, 2)
