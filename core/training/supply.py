"""The images of a phase: cached activations of the frozen prefix, or pixels. Worker only: computes activations."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from core.backbones.speed import Speedometer, record_speed
from core.dataset.manifest import TRAIN, VALIDATION, Manifest
from core.dataset.pixels import PixelSource, TrainingSquares
from core.features.activation_cache import compute_activations, open_cache
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.feed import ActivationFeed, Feed, PixelFeed, Rows
from core.training.phase import Images, class_weights
from core.training.plan import Plan
from core.training.progress import ProgressReporter
from core.training.recipe import Recipe


@dataclass(frozen=True)
class Supply:
    """Where a run's images come from.

    Attributes:
        recipe: Every choice.
        plan: What they mean.
        manifest: The images; the test split is never read.
        originals: Where their files lie.
        settings: Where caches lie.
        story: Told how far the features are.
        should_stop: Whether a person wants the run to end.
    """

    recipe: Recipe
    plan: Plan
    manifest: Manifest
    originals: OriginalStore
    settings: Settings
    story: ProgressReporter
    should_stop: Callable[[], bool]

    def images(self, prefix: keras.Model | None, *, whole: bool = False) -> tuple[Images, Images]:
        """Give the training and the validation images as what a prefix makes of them; None is pixels.

        Args:
            prefix: What runs once an image.
            whole: Whether that is the whole backbone, whose speed is kept then.

        Raises:
            ImageError: An image is gone or cannot be decoded any more.
            WorkspaceError: The disk is full or not writable.
            RunStopped: A person asked for it.
        """
        with self.story.timed("features"):
            train, validation = self._pixels() if prefix is None else self._activations(prefix, whole)
        labels = self.manifest.labels[self._rows(TRAIN)]
        weights = np.ones(len(labels), np.float32)
        if self.recipe.class_weights:
            weights = class_weights(labels, len(self.manifest.classes))
        seen = self.manifest.labels[self._rows(VALIDATION)]
        return Images(train, labels, weights), Images(validation, seen, np.ones(len(seen), np.float32))

    def _activations(self, prefix: keras.Model, whole: bool) -> tuple[Feed, Feed]:
        train, validation = self._rows(TRAIN), self._rows(VALIDATION)
        rows = np.concatenate([train, validation])
        views = self.recipe.augmentation.views
        speedometer, tell = (
            Speedometer(),
            self.story.progress("Computing features", "views of images" if views else "images"),
        )

        def on_progress(done: int, total: int) -> None:
            speedometer(done, total)
            tell(done, total)

        activations = compute_activations(
            prefix,
            self._digests(rows),
            originals=self.originals,
            settings=self.settings,
            size=self.plan.input_size,
            resize=self.recipe.resize,
            background=self.recipe.background,
            precision=self.recipe.precision,
            augmentation=self.recipe.augmentation,
            views=views,
            varied=np.arange(len(train)),
            seed=self.recipe.seed,
            names=self._names(rows),
            on_progress=on_progress,
            say=self.story.say,
            should_stop=self.should_stop,
        )
        if whole:
            record_speed(self.settings, self.plan.spec.name, speedometer)
        first, rest = np.arange(len(train)), np.arange(len(train), len(rows))
        return ActivationFeed(activations.only(first), views), ActivationFeed(activations.only(rest), 0)

    def _pixels(self) -> tuple[Feed, Feed]:
        augmentation = self.recipe.augmentation
        varied = augmentation if augmentation.views else None
        train, validation = self._source(self._rows(TRAIN)), self._source(self._rows(VALIDATION))
        return PixelFeed(train, varied, self.recipe.seed), PixelFeed(validation, None, self.recipe.seed)

    def _source(self, rows: Rows) -> PixelSource:
        return PixelSource(
            self._digests(rows),
            self.originals,
            TrainingSquares(self.plan.input_size, self.recipe.resize, self.recipe.background),
            arrays=open_cache(self.settings),
            names=self._names(rows),
        )

    def _rows(self, split: int) -> Rows:
        return self.manifest.rows(split)

    def _digests(self, rows: Rows) -> list[str]:
        return [self.manifest.digests[row] for row in rows]

    def _names(self, rows: Rows) -> list[str]:
        return [self.manifest.names[row] for row in rows]
