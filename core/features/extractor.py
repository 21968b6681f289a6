"""Computes the activations of images: decodes, varies and computes concurrently. Worker only: imports Keras."""

import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray

from core.dataset.pixels import PixelSource, Resize, TrainingSquares
from core.features.engine import Engine, Precision, Squares, choose_engine
from core.features.views import Rows, Views
from core.settings import Settings
from core.storage.arrays import ArrayStore
from core.storage.blobs import OriginalStore

# Images decoded per batch.
BATCH: Final = 32

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Prefix:
    """A frozen network and the preparation of its images.

    Attributes:
        model: (batch, size, size, 3) float32 pixels of 0 to 255 in.
        fingerprint: Fingerprint of the network and the preparation.
        size: Side of the squares in pixels.
        resize: How an image is made square.
        background: Colour behind transparent pixels, `#rrggbb`.
        bit_depth: Bits of integers of more than 8 bits; None to choose them for each image.
        precision: Precision of the computation.
    """

    model: keras.Model
    fingerprint: str
    size: int
    resize: Resize
    background: str
    bit_depth: int | None
    precision: Precision

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Shape of each crossing tensor, without the batch."""
        return [tuple(output.shape[1:]) for output in self.model.outputs]


class Extractor:
    """Computes rows of activations; the engine is chosen when the first row is computed.

    Args:
        prefix: The network.
        views: The views of the run.
        originals: Store of the image files.
        settings: Location of converted networks.
        names: (n,) file names for error messages.
        on_message: Receives sentences for the log of the run.
    """

    def __init__(
        self,
        prefix: Prefix,
        views: Views,
        originals: OriginalStore,
        settings: Settings,
        names: Sequence[str],
        on_message: Callable[[str], None],
    ) -> None:
        self.pixel_bytes = len(views.digests) * prefix.size**2 * 3
        self._prefix = prefix
        self._views = views
        self._originals = originals
        self._settings = settings
        self._names = names
        self._on_message = on_message
        self._pixel_store: ArrayStore | None = None
        self._engine: Engine | None = None

    def cache_pixels(self, store: ArrayStore | None) -> None:
        """Cache working copies in this store; None caches none."""
        self._pixel_store = store

    def run(self, numbers: Rows) -> Generator[tuple[Rows, Values]]:
        """Compute views.

        Args:
            numbers: (n,) numbers of views, ascending and unique.

        Yields:
            (k,) numbers of some of the views, and their rows, (k, values per row).
        """
        batches = self._squares(numbers)
        first = next(batches, None)
        if first is None:
            return
        if self._engine is None:
            self._engine = self._open_engine(first[1])
        in_flight: deque[Rows] = deque()

        def squares() -> Iterator[Squares]:
            for part, pixels in itertools.chain([first], batches):
                in_flight.append(part)
                yield pixels

        for tensors in self._engine.run(squares()):
            flat = [tensor.reshape(len(tensor), -1) for tensor in tensors]
            yield in_flight.popleft(), flat[0] if len(flat) == 1 else np.concatenate(flat, axis=1)

    def _open_engine(self, sample: Squares) -> Engine:
        engine = choose_engine(
            self._prefix.model,
            self._prefix.fingerprint,
            self._settings,
            self._prefix.precision,
            self._on_message,
            sample,
        )
        self._on_message(f"Features are computed by {engine.description}.")
        return engine

    def _squares(self, numbers: Rows) -> Iterator[tuple[Rows, Squares]]:
        """The pixels of views; each image is decoded once for all of its views."""
        wanted = np.zeros(len(self._views), bool)
        wanted[numbers] = True
        rows = np.unique(self._views.split(numbers)[0])
        source = PixelSource(
            self._views.digests,
            self._originals,
            TrainingSquares(self._prefix.size, self._prefix.resize, self._prefix.background, self._prefix.bit_depth),
            arrays=self._pixel_store,
            names=self._names,
        )
        with ThreadPoolExecutor(thread_name_prefix="augment") as pool:
            start = 0
            for squares in source.batches(BATCH, rows):
                batch = rows[start : start + len(squares)]
                start += len(squares)
                yield from self._views_of_batch(batch, squares, wanted, pool)

    def _views_of_batch(
        self, rows: Rows, squares: Squares, wanted: NDArray[np.bool_], pool: ThreadPoolExecutor
    ) -> Iterator[tuple[Rows, Squares]]:
        for view in range(self._views.count + 1):
            varied = np.arange(len(rows)) if view == 0 else self._views.varied(rows)
            numbers = self._views.numbers(rows[varied], view)
            varied, numbers = varied[wanted[numbers]], numbers[wanted[numbers]]
            if view == 0 and len(numbers):
                yield numbers, squares[varied]
            elif len(numbers):
                made = pool.map(self._views.vary, squares[varied], rows[varied].tolist(), itertools.repeat(view))
                yield numbers, np.stack(list(made))
