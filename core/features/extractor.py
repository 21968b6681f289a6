"""A pass of images through a frozen network: decode, vary, compute, all at a time. Worker only: imports Keras."""

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

# Images that are decoded together.
BATCH: Final = 32

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Prefix:
    """A frozen network, and how images get to it.

    Attributes:
        model: (batch, size, size, 3) float32 pixels of 0 to 255 in.
        address: Its fingerprint.
        size: Side of the squares in pixels.
        resize: How an image becomes a square.
        background: What transparent places of an image are laid on, `#rrggbb`.
        precision: What it is computed in.
    """

    model: keras.Model
    address: str
    size: int
    resize: Resize
    background: str
    precision: Precision

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Of each crossing tensor, without the batch."""
        return [tuple(output.shape[1:]) for output in self.model.outputs]


class Extractor:
    """Computes rows of activations; the engine is chosen when the first is wanted.

    Args:
        prefix: The network.
        views: Which views of which images there are.
        originals: Where the images lie.
        settings: Where converted networks lie.
        names: (n,) names a person knows, for errors.
        say: Takes sentences for the run's story.
    """

    def __init__(
        self,
        prefix: Prefix,
        views: Views,
        originals: OriginalStore,
        settings: Settings,
        names: Sequence[str],
        say: Callable[[str], None],
    ) -> None:
        self.pixel_bytes = len(views.digests) * prefix.size**2 * 3
        self._prefix = prefix
        self._views = views
        self._originals = originals
        self._settings = settings
        self._names = names
        self._say = say
        self._cache: ArrayStore | None = None
        self._engine: Engine | None = None

    def keep_pixels(self, cache: ArrayStore | None) -> None:
        """Keep working copies in this cache, or none."""
        self._cache = cache

    def run(self, numbers: Rows) -> Generator[tuple[Rows, Values]]:
        """Compute views.

        Args:
            numbers: Ascending, each once.

        Yields:
            Numbers of some of them, and their rows, (k, values a row).
        """
        coming = self._squares(numbers)
        first = next(coming, None)
        if first is None:
            return
        if self._engine is None:
            self._engine = self._open_engine(first[1])
        computing: deque[Rows] = deque()

        def squares() -> Iterator[Squares]:
            for part, pixels in itertools.chain([first], coming):
                computing.append(part)
                yield pixels

        for tensors in self._engine.run(squares()):
            flat = [tensor.reshape(len(tensor), -1) for tensor in tensors]
            yield computing.popleft(), flat[0] if len(flat) == 1 else np.concatenate(flat, axis=1)

    def _open_engine(self, sample: Squares) -> Engine:
        engine = choose_engine(
            self._prefix.model, self._prefix.address, self._settings, self._prefix.precision, self._say, sample
        )
        self._say(f"Features are computed by {engine.description}.")
        return engine

    def _squares(self, numbers: Rows) -> Iterator[tuple[Rows, Squares]]:
        """The pixels of views, each image decoded once for all of its views."""
        wanted = np.zeros(len(self._views), bool)
        wanted[numbers] = True
        rows = np.unique(self._views.split(numbers)[0])
        source = PixelSource(
            self._views.digests,
            self._originals,
            TrainingSquares(self._prefix.size, self._prefix.resize, self._prefix.background),
            arrays=self._cache,
            names=self._names,
        )
        with ThreadPoolExecutor(thread_name_prefix="augment") as pool:
            start = 0
            for squares in source.batches(BATCH, rows):
                batch = rows[start : start + len(squares)]
                start += len(squares)
                yield from self._of_batch(batch, squares, wanted, pool)

    def _of_batch(
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
