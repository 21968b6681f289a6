"""Where images lie in the network's feature space: who is near whom, what is like nothing that was learned, and a map.

"None of these": a picture is refused when it is farther from the training images than 97 of 100 true pictures are. The
distance is the mean cosine distance to the five nearest training images. The threshold is where 3% of a log-normal
distribution through the validation images' distances lie beyond, which moves less from split to split than their own
highest few. Measured with ImageNet features of MobileNetV2 over ten splits: trained on the flowers, every picture of
cats and dogs, insects and hands is refused, and 3.0% of the true flowers (at most 5.2%); the softmax's largest
probability refuses 16% of the cats and dogs at 7.8% of the flowers.
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
from core.evaluation.report.parts import OutOfDistribution
from core.storage.atomic import write_atomic

FILE_NAME: Final = "features.npz"
NEIGHBOURS: Final = 5
REFUSED: Final = 0.03
_AT_ONCE: Final = 1024

Features = NDArray[np.float16]


@dataclass(frozen=True)
class Embedding:
    """The features of the images of a run, one row an image, and what follows from them.

    Attributes:
        digests: (n_images,) SHA-256 of each original, in hex.
        splits: (n_images,) int8, as in `Manifest.splits`.
        features: (n_images, n_features) float16 rows of length 1: what the last layer before the classes is fed.
        map: (n_images, 2) float32 coordinates of the two directions in which the images differ most (PCA).
        explained: (2,) share of all differences along each of the two.
        threshold: Distance from which a picture is none of the classes.
    """

    digests: tuple[str, ...]
    splits: NDArray[np.int8]
    features: Features
    map: NDArray[np.float32]
    explained: Floats
    threshold: float

    def distances(self, features: NDArray[np.floating]) -> Floats:
        """How far pictures are from the training images.

        Args:
            features: (n, n_features) features of any length.

        Returns:
            (n,) mean cosine distances to the nearest training images, from 0 to 2.
        """
        return _distances(self.features[self.splits == TRAIN], normalised(features))


def normalised(features: NDArray[np.floating]) -> Features:
    """Features scaled to length 1, as they are kept."""
    full = features.astype(np.float32)
    lengths = np.linalg.norm(full, axis=1, keepdims=True)
    scaled: Features = (full / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float16)
    return scaled


def make_embedding(digests: Sequence[str], splits: NDArray[np.int8], features: NDArray[np.floating]) -> Embedding:
    """Choose the threshold on the validation split and draw the map.

    Args:
        digests: (n_images,) digests.
        splits: (n_images,) int8; training and validation images must be among them.
        features: (n_images, n_features) features of any length.
    """
    kept = normalised(features)
    coordinates, explained = principal_components(kept.astype(np.float32))
    threshold = _threshold(_distances(kept[splits == TRAIN], kept[splits == VALIDATION]))
    return Embedding(tuple(digests), splits, kept, coordinates, explained, threshold)


def measure_ood(space: Embedding, true: Ints, classes: Sequence[str]) -> OutOfDistribution:
    """What refusing costs true images of the test split, and how many strangers it lets through.

    Strangers are the images of one class at a time, as if it had never been learned.

    Args:
        space: The run's features.
        true: (n_images,) labels, in the rows' order.
        classes: Names of the classes.
    """
    return OutOfDistribution(
        threshold=space.threshold,
        refused_validation=_refused(space, VALIDATION),
        refused_test=_refused(space, TEST),
        accepted_held_out=_accepted_held_out(space, true, classes),
    )


def write_embedding(space: Embedding, folder: Path) -> Path:
    """Write `features.npz` into a run's folder.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    return write_atomic(
        folder / FILE_NAME,
        lambda path: np.savez(
            path,
            digests=np.array(space.digests),
            splits=space.splits,
            features=space.features,
            map=space.map,
            explained=space.explained,
            threshold=np.array(space.threshold),
        ),
    )


def read_embedding(folder: Path) -> Embedding:
    """Read what `write_embedding` wrote.

    Raises:
        NotFoundError: The run has no features.
        InputError: The file is damaged.
    """
    try:
        with np.load(folder / FILE_NAME, allow_pickle=False) as file:
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
        raise InputError(f"{FILE_NAME} cannot be read.", "Evaluate the run again.") from error


def principal_components(features: NDArray[np.float32]) -> tuple[NDArray[np.float32], Floats]:
    """The two directions in which rows differ most, by subspace iteration (Halko, Martinsson and Tropp, 2011).

    Args:
        features: (n, n_features) rows.

    Returns:
        (n, 2) coordinates, each axis turned so that its largest loading is positive, and (2,) shares of the variance.
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


def _distances(known: Features, asked: Features) -> Floats:
    reference = known.astype(np.float32)
    nearest = min(NEIGHBOURS, len(reference))
    found = np.empty(len(asked), np.float64)
    for at in range(0, len(asked), _AT_ONCE):
        away = 1 - asked[at : at + _AT_ONCE].astype(np.float32) @ reference.T
        found[at : at + _AT_ONCE] = np.partition(away, nearest - 1, axis=1)[:, :nearest].mean(axis=1)
    return found


def _threshold(distances: Floats) -> float:
    logs = np.log(np.maximum(distances, np.finfo(np.float16).eps))
    return float(np.exp(logs.mean() + NormalDist().inv_cdf(1 - REFUSED) * logs.std()))


def _refused(space: Embedding, split: int) -> float:
    return float(np.mean(_distances_of(space, space.splits == split, space.splits == TRAIN) > space.threshold))


def _distances_of(space: Embedding, asked: NDArray[np.bool_], known: NDArray[np.bool_]) -> Floats:
    return _distances(space.features[known], space.features[asked])


def _accepted_held_out(space: Embedding, true: Ints, classes: Sequence[str]) -> dict[str, float]:
    accepted = {}
    for index, name in enumerate(classes):
        known = (space.splits == TRAIN) & (true != index)
        usual = (space.splits == VALIDATION) & (true != index)
        strange = (space.splits == TEST) & (true == index)
        if strange.any() and usual.any():
            threshold = _threshold(_distances_of(space, usual, known))
            accepted[name] = float(np.mean(_distances_of(space, strange, known) <= threshold))
    return accepted
