"""The embedding of a run's images: their features, a map of them, and the out-of-distribution threshold.

Out of distribution ("none of these"): the distance of an image is its mean cosine distance to the five nearest training
images. The threshold is the 97th percentile of a log-normal distribution fitted to the distances of the validation
images, which varies less from split to split than their empirical percentile. Measured with ImageNet features of
MobileNetV2 over ten splits: trained on flowers, it refuses every image of cats and dogs, insects and hands, and 3.0% of
the flowers (at most 5.2%). The largest softmax probability refuses 16% of the cats and dogs at 7.8% of the flowers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.dataset.manifest import TEST, TRAIN, VALIDATION
from core.errors import InputError, NotFoundError
from core.evaluation.metrics.classification import Floats, Ints
from core.evaluation.report.report import OutOfDistribution
from core.storage.atomic import write_atomic

FEATURES_FILE: Final = "features.npz"
NEIGHBOURS: Final = 5
REFUSED_SHARE: Final = 0.03
_CHUNK: Final = 1024

Features = NDArray[np.float16]


@dataclass(frozen=True)
class Embedding:
    """Features of the images of a run, one row an image, with their map and threshold.

    Attributes:
        digests: (n_images,) SHA-256 of each original, in hex.
        splits: (n_images,) int8, as in `Manifest.splits`.
        features: (n_images, n_features) float16 rows of length 1: the inputs of the last layer.
        map: (n_images, 2) float32 coordinates on the first two principal components.
        explained: (2,) share of the variance that each of the two explains.
        threshold: Distance above which an image is out of distribution.
    """

    digests: tuple[str, ...]
    splits: NDArray[np.int8]
    features: Features
    map: NDArray[np.float32]
    explained: Floats
    threshold: float

    def distances(self, features: NDArray[np.floating]) -> Floats:
        """Compute the distance of images to the training images.

        Args:
            features: (n, n_features) features of any length.

        Returns:
            (n,) mean cosine distances to the `NEIGHBOURS` nearest training images, from 0 to 2.
        """
        return distances_to(self.features[self.splits == TRAIN], normalised(features))


def normalised(features: NDArray[np.floating]) -> Features:
    """Scale features to length 1, as they are stored."""
    full = features.astype(np.float32)
    lengths = np.linalg.norm(full, axis=1, keepdims=True)
    scaled: Features = (full / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float16)
    return scaled


def make_embedding(digests: Sequence[str], splits: NDArray[np.int8], features: NDArray[np.floating]) -> Embedding:
    """Fit the threshold on the validation split and compute the map.

    Args:
        digests: (n_images,) digests.
        splits: (n_images,) int8; training and validation images must be among them.
        features: (n_images, n_features) features of any length.
    """
    unit = normalised(features)
    coordinates, explained = principal_components(unit.astype(np.float32))
    threshold = _threshold(distances_to(unit[splits == TRAIN], unit[splits == VALIDATION]))
    return Embedding(tuple(digests), splits, unit, coordinates, explained, threshold)


def measure_ood(embedding: Embedding, true: Ints, classes: Sequence[str]) -> OutOfDistribution:
    """Measure the false rejects and false accepts of the threshold on the test split.

    False accepts are measured on one class at a time, left out of the training images.

    Args:
        embedding: The run's embedding.
        true: (n_images,) labels, in row order.
        classes: Names of the classes.
    """
    return OutOfDistribution(
        threshold=embedding.threshold,
        refused_validation=_refused(embedding, VALIDATION),
        refused_test=_refused(embedding, TEST),
        accepted_held_out=_accepted_held_out(embedding, true, classes),
    )


def write_embedding(embedding: Embedding, folder: Path) -> Path:
    """Write `features.npz` into a run's folder.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    return write_atomic(
        folder / FEATURES_FILE,
        lambda path: np.savez(
            path,
            digests=np.array(embedding.digests),
            splits=embedding.splits,
            features=embedding.features,
            map=embedding.map,
            explained=embedding.explained,
            threshold=np.array(embedding.threshold),
        ),
    )


def read_embedding(folder: Path) -> Embedding:
    """Read what `write_embedding` wrote.

    Raises:
        NotFoundError: The run has no features.
        InputError: The file is damaged.
    """
    try:
        with np.load(folder / FEATURES_FILE, allow_pickle=False) as file:
            return Embedding(
                digests=tuple(file["digests"].tolist()),
                splits=file["splits"],
                features=file["features"],
                map=file["map"],
                explained=file["explained"],
                threshold=float(file["threshold"]),
            )
    except FileNotFoundError as error:
        raise NotFoundError("This run has no features.", "Evaluate it again.") from error
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{FEATURES_FILE} cannot be read.", "Evaluate the run again.") from error


def principal_components(features: NDArray[np.float32]) -> tuple[NDArray[np.float32], Floats]:
    """Compute the first two principal components, by subspace iteration (Halko, Martinsson and Tropp, 2011).

    Args:
        features: (n, n_features) rows.

    Returns:
        (n, 2) coordinates, each axis signed so that its largest loading is positive, and (2,) shares of the variance.
    """
    centred = features - features.mean(axis=0)
    basis = np.random.default_rng(0).normal(size=(centred.shape[1], 10)).astype(np.float32)
    for _ in range(30):
        basis, _ = np.linalg.qr(centred.T @ (centred @ basis))
    _, strengths, directions = np.linalg.svd(centred @ basis, full_matrices=False)
    axes = (basis @ directions.T)[:, :2]
    axes = np.pad(axes, ((0, 0), (0, 2 - axes.shape[1])))
    axes *= np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[np.newaxis], axis=0))
    shares = np.pad(strengths.astype(np.float64), (0, 2))[:2] ** 2 / max(float(np.sum(centred**2)), 1e-30)
    return centred @ axes, shares


def distances_to(train: Features, queries: Features) -> Floats:
    """Compute the (n,) mean cosine distances of (n, n_features) queries to their `NEIGHBOURS` nearest training rows.

    Args:
        train: (n_train, n_features) rows of length 1.
        queries: (n, n_features) rows of length 1.
    """
    reference = train.astype(np.float32)
    nearest = min(NEIGHBOURS, len(reference))
    found = np.empty(len(queries), np.float64)
    for at in range(0, len(queries), _CHUNK):
        cosine = 1 - queries[at : at + _CHUNK].astype(np.float32) @ reference.T
        found[at : at + _CHUNK] = np.partition(cosine, nearest - 1, axis=1)[:, :nearest].mean(axis=1)
    return found


def _threshold(distances: Floats) -> float:
    logs = np.log(np.maximum(distances, np.finfo(np.float16).eps))
    return float(np.exp(logs.mean() + NormalDist().inv_cdf(1 - REFUSED_SHARE) * logs.std()))


def _refused(embedding: Embedding, split: int) -> float:
    return float(
        np.mean(_distances_of(embedding, embedding.splits == split, embedding.splits == TRAIN) > embedding.threshold)
    )


def _distances_of(embedding: Embedding, queries: NDArray[np.bool_], train: NDArray[np.bool_]) -> Floats:
    return distances_to(embedding.features[train], embedding.features[queries])


def _accepted_held_out(embedding: Embedding, true: Ints, classes: Sequence[str]) -> dict[str, float]:
    accepted = {}
    for index, name in enumerate(classes):
        train = (embedding.splits == TRAIN) & (true != index)
        validation = (embedding.splits == VALIDATION) & (true != index)
        held_out = (embedding.splits == TEST) & (true == index)
        if held_out.any() and validation.any():
            threshold = _threshold(_distances_of(embedding, validation, train))
            accepted[name] = float(np.mean(_distances_of(embedding, held_out, train) <= threshold))
    return accepted
