"""The scripts that Graft is compared with, written as in their guides."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.clock import Stopwatch, Trial
from core.backbones.zoo import find_backbone
from core.dataset.manifest import SPLIT_NAMES, Manifest

BATCH = 32


@dataclass(frozen=True)
class Task:
    """The task of a comparison.

    Attributes:
        images: Folder of the splits.
        backbone: Name of a network that scales its pixels to -1 to 1, such as the MobileNets.
        pretrained: Whether it has ImageNet weights; otherwise random ones.
        epochs: Epochs of the head.
        fine_tune_epochs: Epochs of the last block.
    """

    images: Path
    backbone: str
    pretrained: bool
    epochs: int
    fine_tune_epochs: int

    @property
    def size(self) -> int:
        return find_backbone(self.backbone).input_size

    def base(self) -> keras.Model:
        """The network without its top, from `keras.applications` itself."""
        spec = find_backbone(self.backbone)
        return getattr(keras.applications, spec.function)(
            include_top=False,
            weights="imagenet" if self.pretrained else None,
            input_shape=(self.size, self.size, 3),
            **spec.arguments,
        )

    def dataset(self, split: str, *, shuffle: bool, seed: int = 0) -> Any:
        return keras.utils.image_dataset_from_directory(
            self.images / split,
            image_size=(self.size, self.size),
            crop_to_aspect_ratio=True,
            batch_size=BATCH,
            shuffle=shuffle,
            seed=seed,
            verbose=False,
        )


class Guide:
    """https://keras.io/guides/transfer_learning/, with the images of a folder instead of TensorFlow Datasets."""

    def __init__(self, task: Task, seed: int) -> None:
        self.task = task
        self.seed = seed

    def train_head(self) -> Trial:
        """Train a new head on the frozen network."""
        keras.utils.set_random_seed(self.seed)
        with Stopwatch() as watch:
            self._train = self.task.dataset("train", shuffle=True, seed=self.seed).cache().prefetch(2)
            self._validation = self.task.dataset("validation", shuffle=False).cache().prefetch(2)
            self.base = self.task.base()
            self.base.trainable = False
            pixels = keras.Input((self.task.size, self.task.size, 3))
            x = keras.layers.Rescaling(1 / 127.5, offset=-1)(pixels)
            x = keras.layers.GlobalAveragePooling2D()(self.base(x, training=False))
            x = keras.layers.Dropout(0.2)(x)
            self.model = keras.Model(pixels, keras.layers.Dense(len(self._train_classes()))(x))
            self._fit(keras.optimizers.Adam(), self.task.epochs)
        watch.trial.accuracy = self._test()
        return watch.trial

    def fine_tune(self, first_layer: str) -> Trial:
        """Then train the network from a layer on, with a low learning rate."""
        with Stopwatch() as watch:
            self.base.trainable = True
            for layer in self.base.layers:
                if layer.name == first_layer:
                    break
                layer.trainable = False
            self._fit(keras.optimizers.Adam(1e-5), self.task.fine_tune_epochs)
        watch.trial.accuracy = self._test()
        return watch.trial

    def _train_classes(self) -> list[str]:
        return sorted(entry.name for entry in os.scandir(self.task.images / "train"))

    def _fit(self, optimizer: keras.optimizers.Optimizer, epochs: int) -> None:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(optimizer, loss, metrics=["accuracy"])
        self.model.fit(self._train, epochs=epochs, validation_data=self._validation, verbose=0)

    def _test(self) -> float:
        return self.model.evaluate(self.task.dataset("test", shuffle=False), verbose=0, return_dict=True)["accuracy"]


class SplitFeatures(NamedTuple):
    """The features of a split: (n, channels) features, (n,) labels, and (n,) digests of the files."""

    features: np.ndarray
    labels: np.ndarray
    digests: list[str]


def predict_features(task: Task) -> tuple[dict[str, SplitFeatures], Trial]:
    """Features and labels of each split by Keras' `predict`, and the time for train and validation."""
    features = {}
    with Stopwatch() as watch:
        base = task.base()
        pixels = keras.Input((task.size, task.size, 3))
        x = base(keras.layers.Rescaling(1 / 127.5, offset=-1)(pixels), training=False)
        extractor = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(x))
        for split in ("train", "validation"):
            features[split] = _predict(task, extractor, split)
    features["test"] = _predict(task, extractor, "test")
    return features, watch.trial


def _predict(task: Task, extractor: keras.Model, split: str) -> SplitFeatures:
    dataset = task.dataset(split, shuffle=False)
    batches: Iterator[tuple[Any, Any]] = iter(dataset)
    images, labels = zip(*((x.numpy(), y.numpy()) for x, y in batches), strict=True)
    features = extractor.predict(np.concatenate(images), batch_size=BATCH, verbose=0)
    return SplitFeatures(features, np.concatenate(labels), [Path(path).stem for path in dataset.file_paths])


def resplit(features: dict[str, SplitFeatures], manifest: Manifest) -> dict[str, SplitFeatures]:
    """The same features with other splits."""
    rows = {digest: row for seen in features.values() for digest, row in zip(seen.digests, seen.features, strict=True)}
    again = {}
    for number, split in enumerate(SPLIT_NAMES):
        chosen = manifest.rows(number)
        digests = [manifest.digests[row] for row in chosen]
        again[split] = SplitFeatures(np.stack([rows[digest] for digest in digests]), manifest.labels[chosen], digests)
    return again


def fit_head(task: Task, features: dict[str, SplitFeatures], seed: int) -> Trial:
    """The second part of the expert's script: a head on arrays of features."""
    keras.utils.set_random_seed(seed)
    with Stopwatch() as watch:
        head = keras.Sequential([keras.layers.Dropout(0.2), keras.layers.Dense(int(features["train"][1].max()) + 1)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        head.compile(keras.optimizers.Adam(), loss, metrics=["accuracy"])
        head.fit(
            *features["train"][:2],
            batch_size=BATCH,
            epochs=task.epochs,
            validation_data=features["validation"][:2],
            verbose=0,
        )
    watch.trial.accuracy = head.evaluate(*features["test"][:2], verbose=0, return_dict=True)["accuracy"]
    return watch.trial


def fit_logistic_regression(features: dict[str, SplitFeatures]) -> Trial:
    """Logistic regression of scikit-learn instead of the head."""
    with Stopwatch() as watch:
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(*features["train"][:2])
    watch.trial.accuracy = model.score(*features["test"][:2])
    return watch.trial


def read_folder(folder: Path, size: int) -> Trial:
    """Read all images of a folder once with `image_dataset_from_directory`."""
    with Stopwatch() as watch:
        images = keras.utils.image_dataset_from_directory(
            folder, image_size=(size, size), batch_size=BATCH, shuffle=False, verbose=False
        )
        for _ in images:
            pass
    return watch.trial
