"""The activations of many images: computed once, kept, and read row by row. Worker only: imports Keras.

A row is all that crosses the cut for one view of one image. What is missing is computed in one pass, in which decoding,
variation and the network overlap; all runs and projects with the same images and prefix share the rows. Few rows are
held in memory, many are read from the disk. Rows that the cache cannot hold, or has lost to another run, are computed
again when they are asked for.
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
# A killed process loses at most so much of its work.
FLUSH_SECONDS: Final = 10.0
# Rows that are asked for at once: bounds the memory for their keys.
CHUNK: Final = 4096

Values = NDArray[np.float32]


def open_cache(settings: Settings) -> ArrayStore:
    """The cache that working copies and activations share."""
    return ArrayStore(settings.cache / "arrays", settings.cache_bytes)


class Activations:
    """What a prefix makes of images; made by `compute_activations`.

    Attributes:
        shapes: Of each crossing tensor, without the batch.
        nbytes: Size of all of them, variations included.
        in_memory: Whether all of them are held in memory.
    """

    def __init__(self, kept: "_ActivationCache", rows: Rows, values: Values | None) -> None:
        self.shapes = kept.shapes
        self.nbytes = len(kept.views) * kept.row_bytes
        self.in_memory = values is not None
        self._kept = kept
        self._rows = rows
        self._values = values

    def __len__(self) -> int:
        return len(self._rows)

    def only(self, rows: Rows) -> Self:
        """The same for some of the images, in the order given; nothing is copied or computed."""
        return type(self)(self._kept, self._rows[rows], self._values)

    def gather(self, rows: Rows, view: int = 0) -> list[Values]:
        """Read activations; thread-safe.

        Args:
            rows: (k,) images, in any order, also more than once.
            view: Which variation of them; 0 is the image itself.

        Returns:
            For each crossing tensor one (k, *shape) array.

        Raises:
            IndexError: An image has no such view.
            ImageError: The cache has lost a row, and its image is gone or cannot be decoded any more.
        """
        numbers = self._kept.views.numbers(self._rows[rows], view)
        values = self._kept.read(numbers) if self._values is None else self._values[numbers]
        return self._kept.tensors(values)


def compute_activations(
    prefix: keras.Model,
    digests: Sequence[str],
    *,
    originals: OriginalStore,
    settings: Settings,
    size: int,
    resize: Resize,
    background: str = WHITE,
    precision: Precision = "float32",
    augmentation: Variations | None = None,
    views: int = 0,
    varied: Rows | None = None,
    seed: int = 0,
    names: Sequence[str] = (),
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    say: Callable[[str], None] = lambda _sentence: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Activations:
    """Compute what is missing of the activations of images, and give all of them.

    Args:
        prefix: The frozen network, (batch, size, size, 3) float32 pixels of 0 to 255 in; with its pooling, if any.
        digests: (n,) digest of each image, of all splits at once.
        originals: Where the images lie.
        settings: Where the cache lies and how much it may hold.
        size: Side of the squares in pixels.
        resize: How an image becomes a square.
        background: What transparent places of an image are laid on, `#rrggbb`.
        precision: `float32`, or `bfloat16` where the machine has it.
        augmentation: How far images are varied; None for not at all.
        views: Variations of each varied image, beside the image itself.
        varied: Rows of the images that are varied, the training images; None for all.
        seed: Of the variations.
        names: (n,) names a person knows, for errors; empty where there are none.
        on_progress: Told the views computed and the views to compute.
        say: Takes sentences for the run's story.
        should_stop: Whether a person wants it to end.

    Raises:
        ImageError: An image is gone or cannot be decoded any more.
        WorkspaceError: The disk is full or not writable.
        RunStopped: A person asked for it; what was computed is kept.
    """
    rows = np.arange(len(digests), dtype=np.int64)
    precision = usable_precision(precision, say)
    address = fingerprint(prefix, size=size, resize=resize, precision=precision, background=background)
    all_views = Views(digests, rows if varied is None else np.sort(varied), views, seed, augmentation)
    network = Prefix(prefix, address, size, resize, background, precision)
    computing = Extractor(network, all_views, originals, settings, names, say)
    kept = _ActivationCache(network, computing, all_views, open_cache(settings), say)
    kept.complete(on_progress, should_stop)
    small = len(all_views) * kept.row_bytes <= IN_MEMORY_BYTES
    return Activations(kept, rows, kept.read(np.arange(len(all_views))) if small else None)


class _ActivationCache:
    """The rows of a run's views in the cache.

    Args:
        prefix: What makes them.
        computing: Computes them.
        views: Which there are.
        cache: Where they are kept.
        say: Takes a sentence where not all of them can be kept.
    """

    def __init__(
        self, prefix: Prefix, computing: Extractor, views: Views, cache: ArrayStore, say: Callable[[str], None]
    ) -> None:
        self.views = views
        self.shapes = prefix.shapes
        self._widths = [int(np.prod(shape, dtype=np.int64)) for shape in self.shapes]
        self.row_bytes = 4 * sum(self._widths)
        self._computing = computing
        self._rows: ArrayRows = cache.open(f"activations-{prefix.address}")
        self._say = say
        self._n_kept = self._plan(cache)

    def _plan(self, cache: ArrayStore) -> int:
        """Divide the cache between working copies and activations; gives how many rows are kept."""
        room = cache.limit_bytes - 2 * cache.shard_bytes
        wanted, pixels = len(self.views) * self.row_bytes, self._computing.pixel_bytes
        if wanted <= room:
            self._computing.keep_pixels(cache if wanted + pixels <= room else None)
            return len(self.views)
        # Decoding is worth more than as many bytes of activations: an original may have 12 megapixels.
        keeps_pixels = pixels <= room // 2
        self._computing.keep_pixels(cache if keeps_pixels else None)
        n_kept = max(0, (room - pixels * keeps_pixels) // self.row_bytes)
        self._say(
            f"The features of this run take {wanted / GIB:.1f} GB, and the cache may hold {cache.limit_bytes / GIB:.1f}"
            f": {n_kept / len(self.views):.0%} of them are kept, the others are computed again in every epoch. A later "
            "cut, a smaller input size or a larger GRAFT_CACHE_GB make it faster."
        )
        return n_kept

    def complete(self, on_progress: Callable[[int, int], None], should_stop: Callable[[], bool]) -> None:
        """Compute the rows that can be kept and are not there."""
        missing = self._missing()
        if len(missing) < self._n_kept:
            unit = "views of the images" if self.views.count else "images"
            there = self._n_kept - len(missing)
            self._say(f"The features of {there:,} of {self._n_kept:,} {unit} were there already.")
        if len(missing):
            on_progress(0, len(missing))
        done, flushed = 0, time.monotonic()
        with self._rows as rows, contextlib.closing(self._computing.run(missing)) as computing:
            for numbers, values in computing:
                rows.append(self.views.keys(numbers), values)
                done += len(numbers)
                on_progress(done, len(missing))
                if time.monotonic() - flushed > FLUSH_SECONDS:
                    rows.flush()
                    flushed = time.monotonic()
                if done < len(missing) and should_stop():
                    raise RunStopped(
                        "Stopped while features were computed.", "Those that were computed are kept for the next run."
                    )

    def _missing(self) -> Rows:
        missing = [np.empty(0, np.int64)]
        for start in range(0, self._n_kept, CHUNK):
            numbers = np.arange(start, min(start + CHUNK, self._n_kept))
            missing.append(numbers[~self._rows.present(self.views.keys(numbers))])
        return np.concatenate(missing)

    def read(self, numbers: Rows) -> Values:
        """(k, values a row) rows from the cache, those that are not there computed."""
        out = np.empty((len(numbers), self.row_bytes // 4), np.float32)
        for start in range(0, len(numbers), CHUNK):
            part = numbers[start : start + CHUNK]
            there, found = self._rows.get(self.views.keys(part))
            if there.any():
                out[start : start + len(part)][there] = found
            if not there.all():
                out[start : start + len(part)][~there] = self._compute(part[~there])
        return out

    def _compute(self, numbers: Rows) -> Values:
        once = np.unique(numbers)
        out = np.empty((len(once), self.row_bytes // 4), np.float32)
        for computed, values in self._computing.run(once):
            out[np.searchsorted(once, computed)] = values
            lost = computed < self._n_kept
            self._rows.append(self.views.keys(computed[lost]), values[lost])
        return out[np.searchsorted(once, numbers)]

    def tensors(self, values: Values) -> list[Values]:
        """Rows as one (k, *shape) array a crossing tensor."""
        ends = np.cumsum(self._widths)[:-1]
        parts = np.split(values, ends, axis=1)
        return [part.reshape(len(values), *shape) for part, shape in zip(parts, self.shapes, strict=True)]
