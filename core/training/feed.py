"""What a step is fed: cached activations, or pixels with fresh variations. Worker only: reads the features' cache."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from core.dataset.pixels import PixelSource
from core.features.activation_cache import Activations
from core.features.augment import augment
from core.training.recipe import Augmentation

# Activations of one chunk, so that memory is bounded whatever the batch is.
CHUNK_BYTES: Final = 64 * 1024**2

Inputs = list[NDArray[Any]]
Rows = NDArray[np.int64]


class Feed(Protocol):
    """The images of one split as the inputs of a network."""

    def chunks(self, rows: Rows, *, epoch: int, batch_size: int, batches: Callable[[], int]) -> Iterator[Inputs]:
        """Give the images of the rows in their order, some batches at a time, the next ones already on their way.

        Args:
            rows: Positions within the split.
            epoch: Which variation of each image, from 0.
            batch_size: Images a batch.
            batches: Batches that the consumer would like at once.

        Yields:
            One array for each input of the network, all of the same length.
        """


class ActivationFeed:
    """Cached activations.

    Args:
        activations: Of the images of one split.
        views: Cached variations beside the image itself; each epoch takes the next one.
    """

    def __init__(self, activations: Activations, views: int) -> None:
        self._activations = activations
        self._views = views

    def chunks(self, rows: Rows, *, epoch: int, batch_size: int, batches: Callable[[], int]) -> Iterator[Inputs]:
        """Give the images of the rows, as in `Feed`."""
        bound = max(1, CHUNK_BYTES // (batch_size * sum(4 * int(np.prod(s)) for s in self._activations.shapes)))

        def gather() -> Iterator[Inputs]:
            start = 0
            while start < len(rows):
                end = start + batch_size * min(batches(), bound)
                yield self._activations.gather(rows[start:end], epoch % (self._views + 1))
                start = end

        return ahead(gather())


class PixelFeed:
    """Pixels, each time with another variation.

    Args:
        source: The images of one split.
        augmentation: How far to vary them; None leaves them as they are.
        seed: Of the variations.
    """

    def __init__(self, source: PixelSource, augmentation: Augmentation | None, seed: int) -> None:
        self._source = source
        self._augmentation = augmentation
        self._seed = seed

    def chunks(self, rows: Rows, *, epoch: int, batch_size: int, batches: Callable[[], int]) -> Iterator[Inputs]:
        """Give the images of the rows, as in `Feed`, always one batch: a step on pixels is long enough."""
        del batches
        return ahead(self._batches(rows, epoch, batch_size))

    def _batches(self, rows: Rows, epoch: int, batch_size: int) -> Iterator[Inputs]:
        if self._augmentation is None:
            yield from ([squares] for squares in self._source.batches(batch_size, rows))
            return
        variations = self._augmentation
        with ThreadPoolExecutor(thread_name_prefix="augment") as pool:
            start = 0
            for squares in self._source.batches(batch_size, rows):
                digests = [self._source.digests[row] for row in rows[start : start + len(squares)]]
                start += len(squares)
                varied = pool.map(
                    lambda square, digest: augment(square, digest, epoch, seed=self._seed, variations=variations),
                    squares,
                    digests,
                )
                yield [np.stack(list(varied))]


def ahead(chunks: Iterator[Inputs]) -> Iterator[Inputs]:
    """Prepare the next chunk while the consumer works on one."""
    with ThreadPoolExecutor(1, thread_name_prefix="feed") as thread:
        coming = thread.submit(next, chunks, None)
        while (chunk := coming.result()) is not None:
            coming = thread.submit(next, chunks, None)
            yield chunk
