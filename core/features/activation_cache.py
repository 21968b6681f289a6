"""The activations of many images, computed once, cached and read row by row. Worker only: imports Keras.

A row contains all tensors that cross the cut for one view of one image. Missing rows are computed in one pass; all
runs and projects with the same images and prefix share them. Small sets of rows are held in memory, large ones are
read from the disk. Rows that do not fit into the cache, or were evicted, are computed again on demand.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Final, Self

import keras
import numpy as np
from numpy.typing import NDArray

from core.dataset.pixels import Resize
from core.errors import RunStopped
from core.features.augment import Variations
from core.features.engine import Precision, usable_precision
from core.features.extractor import Extractor, Prefix
from core.features.fingerprint import fingerprint
from core.features.views import Rows, Views
from core.intake.decode_rgb import WHITE
from core.settings import GIB, Settings
from core.storage.arrays import ArrayRows, ArrayStore
from core.storage.blobs import OriginalStore

# Activations up to this size are held in memory: MobileNetV2's pooled features of 26,000 images.
IN_MEMORY_BYTES: Final = 128 * 1024**2
# A killed process loses at most the work of this time.
FLUSH_SECONDS: Final = 10.0
# Rows per lookup; bounds the memory for their keys.
CHUNK: Final = 4096

Values = NDArray[np.float32]


def open_cache(settings: Settings) -> ArrayStore:
    """The cache that working copies and activations share."""
    return ArrayStore(settings.arrays, settings.cache_bytes)


class Activations:
    """The activations of images; made by `compute_activations`.

    Attributes:
        shapes: Shape of each crossing tensor, without the batch.
        nbytes: Size of all activations, including those of variations.
        in_memory: Whether all of them are held in memory.
    """

    def __init__(self, cache: "_ActivationCache", rows: Rows, values: Values | None) -> None:
        self.shapes = cache.shapes
        self.nbytes = len(cache.views) * cache.row_bytes
        self.in_memory = values is not None
        self._cache = cache
        self._rows = rows
        self._values = values

    def __len__(self) -> int:
        return len(self._rows)

    def only(self, rows: Rows) -> Self:
        """The activations of some of the images, in the given order; nothing is copied or computed."""
        return type(self)(self._cache, self._rows[rows], self._values)

    def gather(self, rows: Rows, view: int = 0) -> list[Values]:
        """Read activations; thread-safe.

        Args:
            rows: (k,) images, in any order, with or without repetition.
            view: Number of the variation; 0 is the image itself.

        Returns:
            One (k, *shape) array for each crossing tensor.

        Raises:
            IndexError: An image has no such view.
            ImageError: A row was evicted from the cache, and its image is missing or can no longer be decoded.
        """
        numbers = self._cache.views.numbers(self._rows[rows], view)
        values = self._cache.read(numbers) if self._values is None else self._values[numbers]
        return self._cache.tensors(values)


def compute_activations(
    prefix: keras.Model,
    digests: Sequence[str],
    *,
    originals: OriginalStore,
    settings: Settings,
    size: int,
    resize: Resize,
    background: str = WHITE,
    bit_depth: int | None = None,
    precision: Precision = "float32",
    augmentation: Variations | None = None,
    views: int = 0,
    varied: Rows | None = None,
    seed: int = 0,
    names: Sequence[str] = (),
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    on_message: Callable[[str], None] = lambda _message: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Activations:
    """Compute the activations of images that are not cached, and return all of them.

    Args:
        prefix: The frozen network, (batch, size, size, 3) float32 pixels of 0 to 255 in; with its pooling, if any.
        digests: (n,) digest of each image, of all splits at once.
        originals: Store of the image files.
        settings: Location and size of the cache.
        size: Side of the squares in pixels.
        resize: How an image is made square.
        background: Colour behind transparent pixels, `#rrggbb`.
        bit_depth: Bits of integers of more than 8 bits; None to choose them for each image.
        precision: `float32`, or `bfloat16` if the machine supports it.
        augmentation: Bounds of the variations; None for no variation.
        views: Variations of each varied image, beside the image itself.
        varied: Rows of the images that are varied (the training images); None for all.
        seed: Of the variations.
        names: (n,) file names for error messages; may be empty.
        on_progress: Receives the number of views computed and the number to compute.
        on_message: Receives sentences for the log of the run.
        should_stop: Whether a person asked to stop.

    Raises:
        ImageError: An image is missing or can no longer be decoded.
        WorkspaceError: The disk is full or not writable.
        RunStopped: A person asked to stop; what was computed stays in the cache.
    """
    rows = np.arange(len(digests), dtype=np.int64)
    precision = usable_precision(precision, on_message)
    prefix_fingerprint = fingerprint(
        prefix, size=size, resize=resize, precision=precision, background=background, bit_depth=bit_depth
    )
    all_views = Views(digests, rows if varied is None else np.sort(varied), views, seed, augmentation)
    network = Prefix(prefix, prefix_fingerprint, size, resize, background, bit_depth, precision)
    extractor = Extractor(network, all_views, originals, settings, names, on_message)
    cache = _ActivationCache(network, extractor, all_views, open_cache(settings), on_message)
    cache.complete(on_progress, should_stop)
    small = len(all_views) * cache.row_bytes <= IN_MEMORY_BYTES
    return Activations(cache, rows, cache.read(np.arange(len(all_views))) if small else None)


class _ActivationCache:
    """The rows of a run's views in the array store.

    Args:
        prefix: The frozen network.
        extractor: Computes missing rows.
        views: The views of the run.
        store: Stores the rows.
        on_message: Receives a sentence if not all rows fit.
    """

    def __init__(
        self, prefix: Prefix, extractor: Extractor, views: Views, store: ArrayStore, on_message: Callable[[str], None]
    ) -> None:
        self.views = views
        self.shapes = prefix.shapes
        self._widths = [int(np.prod(shape, dtype=np.int64)) for shape in self.shapes]
        self.row_bytes = 4 * sum(self._widths)
        self._extractor = extractor
        self._rows: ArrayRows = store.open(f"activations-{prefix.fingerprint}")
        self._on_message = on_message
        self._n_cached = self._divide_space(store)

    def _divide_space(self, store: ArrayStore) -> int:
        """Divide the space between working copies and activations; returns the number of cached rows."""
        space = store.limit_bytes - 2 * store.shard_bytes
        wanted, pixels = len(self.views) * self.row_bytes, self._extractor.pixel_bytes
        if wanted <= space:
            self._extractor.cache_pixels(store if wanted + pixels <= space else None)
            return len(self.views)
        # Caching pixels saves more time per byte than caching activations: an original may have 12 megapixels.
        caches_pixels = pixels <= space // 2
        self._extractor.cache_pixels(store if caches_pixels else None)
        n_cached = max(0, (space - pixels * caches_pixels) // self.row_bytes)
        self._on_message(
            f"The features of this run take {wanted / GIB:.1f} GB, and the cache may hold "
            f"{store.limit_bytes / GIB:.1f}: {n_cached / len(self.views):.0%} of them are cached, the others are "
            "computed again in every epoch. A later cut, a smaller input size or a larger GRAFT_CACHE_GB makes the "
            "run faster."
        )
        return n_cached

    def complete(self, on_progress: Callable[[int, int], None], should_stop: Callable[[], bool]) -> None:
        """Compute the rows that fit into the cache and are missing."""
        missing = self._missing()
        if len(missing) < self._n_cached:
            unit = "views of the images" if self.views.count else "images"
            present = self._n_cached - len(missing)
            self._on_message(f"The features of {present:,} of {self._n_cached:,} {unit} were cached already.")
        if len(missing):
            on_progress(0, len(missing))
        done, flushed = 0, time.monotonic()
        with self._rows as rows, contextlib.closing(self._extractor.run(missing)) as computed:
            for numbers, values in computed:
                rows.append(self.views.keys(numbers), values)
                done += len(numbers)
                on_progress(done, len(missing))
                if time.monotonic() - flushed > FLUSH_SECONDS:
                    rows.flush()
                    flushed = time.monotonic()
                if done < len(missing) and should_stop():
                    raise RunStopped(
                        "Stopped while features were computed.", "The computed features are kept for the next run."
                    )

    def _missing(self) -> Rows:
        missing = [np.empty(0, np.int64)]
        for start in range(0, self._n_cached, CHUNK):
            numbers = np.arange(start, min(start + CHUNK, self._n_cached))
            missing.append(numbers[~self._rows.present(self.views.keys(numbers))])
        return np.concatenate(missing)

    def read(self, numbers: Rows) -> Values:
        """(k, values per row) rows from the cache; missing rows are computed."""
        out = np.empty((len(numbers), self.row_bytes // 4), np.float32)
        for start in range(0, len(numbers), CHUNK):
            part = numbers[start : start + CHUNK]
            present, found = self._rows.get(self.views.keys(part))
            if present.any():
                out[start : start + len(part)][present] = found
            if not present.all():
                out[start : start + len(part)][~present] = self._compute(part[~present])
        return out

    def _compute(self, numbers: Rows) -> Values:
        unique = np.unique(numbers)
        out = np.empty((len(unique), self.row_bytes // 4), np.float32)
        for computed, values in self._extractor.run(unique):
            out[np.searchsorted(unique, computed)] = values
            evicted = computed < self._n_cached
            self._rows.append(self.views.keys(computed[evicted]), values[evicted])
        return out[np.searchsorted(unique, numbers)]

    def tensors(self, values: Values) -> list[Values]:
        """Rows as one (k, *shape) array for each crossing tensor."""
        ends = np.cumsum(self._widths)[:-1]
        parts = np.split(values, ends, axis=1)
        return [part.reshape(len(values), *shape) for part, shape in zip(parts, self.shapes, strict=True)]
