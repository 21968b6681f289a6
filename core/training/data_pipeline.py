"""The images of a training phase as inputs of its network. Worker only: computes activations.

`DataPipeline` decides what a step reads: cached activations of the frozen prefix, or pixels that are varied anew in
every epoch. The order of the images, the labels in a batch and the loss belong to `core.training.loop`.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from core.backbones.speed import Speedometer, record_speed
from core.dataset.manifest import TRAIN, VALIDATION, Manifest
from core.dataset.pixels import PixelSource, TrainingSquares
from core.features.activation_cache import Activations, compute_activations, open_cache
from core.features.augment import augment
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.plan import Plan
from core.training.progress import ProgressReporter
from core.training.recipe import Augmentation, Recipe

# Bounds the memory of one chunk of activations, whatever the batch size is.
CHUNK_BYTES: Final = 64 * 1024**2

Inputs = list[NDArray[Any]]
Rows = NDArray[np.int64]


class Loader(Protocol):
    """Loads the images of one split as inputs of a network."""

    def chunks(self, rows: Rows, *, epoch: int, batch_size: int, batches: Callable[[], int]) -> Iterator[Inputs]:
        """Load the images of the rows in their order, several batches at a time, and prefetch the next chunk.

        Args:
            rows: (k,) positions within the split.
            epoch: Number of the epoch, from 0; it selects the variation of each image.
            batch_size: Images per batch.
            batches: Gives the number of batches that the next chunk should have.

        Yields:
            One array for each input of the network, all of the same length.
        """


@dataclass(frozen=True)
class SplitData:
    """The images of one split with their labels.

    Attributes:
        loader: Loads their activations or pixels.
        labels: (n,) class indices.
        weights: (n,) weight of each image in the training loss.
    """

    loader: Loader
    labels: NDArray[np.int64]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.labels)


class ActivationLoader:
    """Loads cached activations.

    Args:
        activations: Of the images of one split.
        views: Cached variations per image, beside the image itself; each epoch takes the next one.
    """

    def __init__(self, activations: Activations, views: int) -> None:
        self._activations = activations
        self._views = views

    def chunks(self, rows: Rows, *, epoch: int, batch_size: int, batches: Callable[[], int]) -> Iterator[Inputs]:
        """Load the images of the rows, as in `Loader`."""
        image_bytes = sum(4 * int(np.prod(shape)) for shape in self._activations.shapes)
        most_batches = max(1, CHUNK_BYTES // (batch_size * image_bytes))

        def gather() -> Iterator[Inputs]:
            start = 0
            while start < len(rows):
                end = start + batch_size * min(batches(), most_batches)
                yield self._activations.gather(rows[start:end], epoch % (self._views + 1))
                start = end

        return prefetch(gather())


class PixelLoader:
    """Loads pixels, with another random variation in every epoch.

    Args:
        source: The images of one split.
        augmentation: Bounds of the variations; None for no variation.
        seed: Of the variations.
    """

    def __init__(self, source: PixelSource, augmentation: Augmentation | None, seed: int) -> None:
        self._source = source
        self._augmentation = augmentation
        self._seed = seed

    def chunks(self, rows: Rows, *, epoch: int, batch_size: int, batches: Callable[[], int]) -> Iterator[Inputs]:
        """Load the images of the rows, as in `Loader`, but always one batch: a step on pixels is slow enough."""
        del batches
        return prefetch(self._batches(rows, epoch, batch_size))

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


def prefetch(chunks: Iterator[Inputs]) -> Iterator[Inputs]:
    """Load the next chunk in a thread while the consumer works on the current one."""
    with ThreadPoolExecutor(1, thread_name_prefix="prefetch") as thread:
        pending = thread.submit(next, chunks, None)
        while (chunk := pending.result()) is not None:
            pending = thread.submit(next, chunks, None)
            yield chunk


@dataclass(frozen=True)
class DataPipeline:
    """Loads the training and validation images of a run.

    Attributes:
        recipe: Every choice.
        plan: The plan made from the recipe.
        manifest: The images; the test split is never read.
        originals: Store of the image files.
        settings: Location and size of the caches.
        reporter: Receives the progress of computing features.
        should_stop: Whether a person asked to stop.
    """

    recipe: Recipe
    plan: Plan
    manifest: Manifest
    originals: OriginalStore
    settings: Settings
    reporter: ProgressReporter
    should_stop: Callable[[], bool]

    def load(self, prefix: keras.Model | None, *, records_speed: bool = False) -> tuple[SplitData, SplitData]:
        """Load the training and the validation split.

        Args:
            prefix: The frozen network whose activations are computed once per image; None loads pixels.
            records_speed: Whether to record the speed of the prefix as the speed of the whole backbone.

        Raises:
            ImageError: An image is missing or can no longer be decoded.
            WorkspaceError: The disk is full or not writable.
            RunStopped: A person asked to stop.
        """
        with self.reporter.timed("features"):
            train, validation = self._pixels() if prefix is None else self._activations(prefix, records_speed)
        labels = self.manifest.labels[self.manifest.rows(TRAIN)]
        weights = np.ones(len(labels), np.float32)
        if self.recipe.class_weights:
            weights = class_weights(labels, len(self.manifest.classes))
        val_labels = self.manifest.labels[self.manifest.rows(VALIDATION)]
        ones = np.ones(len(val_labels), np.float32)
        return SplitData(train, labels, weights), SplitData(validation, val_labels, ones)

    def _activations(self, prefix: keras.Model, records_speed: bool) -> tuple[Loader, Loader]:
        train, validation = self.manifest.rows(TRAIN), self.manifest.rows(VALIDATION)
        rows = np.concatenate([train, validation])
        views = self.recipe.augmentation.views
        speedometer = Speedometer()
        report = self.reporter.stage("Computing features", "views of images" if views else "images")

        def on_progress(done: int, total: int) -> None:
            speedometer(done, total)
            report(done, total)

        activations = compute_activations(
            prefix,
            self._digests(rows),
            originals=self.originals,
            settings=self.settings,
            size=self.plan.input_size,
            resize=self.recipe.resize,
            background=self.recipe.background,
            bit_depth=self.recipe.bit_depth,
            precision=self.recipe.precision,
            augmentation=self.recipe.augmentation,
            views=views,
            varied=np.arange(len(train)),
            seed=self.recipe.seed,
            names=self._names(rows),
            on_progress=on_progress,
            on_message=self.reporter.message,
            should_stop=self.should_stop,
        )
        if records_speed:
            record_speed(self.settings, self.plan.spec.name, speedometer)
        train_rows, val_rows = np.arange(len(train)), np.arange(len(train), len(rows))
        return ActivationLoader(activations.only(train_rows), views), ActivationLoader(activations.only(val_rows), 0)

    def _pixels(self) -> tuple[Loader, Loader]:
        augmentation = self.recipe.augmentation if self.recipe.augmentation.views else None
        train, validation = self._source(self.manifest.rows(TRAIN)), self._source(self.manifest.rows(VALIDATION))
        return PixelLoader(train, augmentation, self.recipe.seed), PixelLoader(validation, None, self.recipe.seed)

    def _source(self, rows: Rows) -> PixelSource:
        return PixelSource(
            self._digests(rows),
            self.originals,
            TrainingSquares(self.plan.input_size, self.recipe.resize, self.recipe.background, self.recipe.bit_depth),
            arrays=open_cache(self.settings),
            names=self._names(rows),
        )

    def _digests(self, rows: Rows) -> list[str]:
        return [self.manifest.digests[row] for row in rows]

    def _names(self, rows: Rows) -> list[str]:
        return [self.manifest.names[row] for row in rows]


def class_weights(labels: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """(n,) weights that give each class the same total weight; their mean is 1."""
    counts = np.bincount(labels, minlength=classes)
    weights: NDArray[np.float32] = (len(labels) / np.count_nonzero(counts) / counts[labels]).astype(np.float32)
    return weights
