"""What every check reads."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.checks.alignment import ALIKE, same_pictures


@dataclass(frozen=True)
class Material:
    """The images of a project that take part in training, one row an image.

    Attributes:
        ids: (n,) ids of the items, for repairs.
        digests: (n,) SHA-256 of each original, in hex.
        names: (n,) file names that a person knows.
        classes: Names of the classes.
        labels: (n,) int64, index into `classes`.
        splits: (n,) int8, 0 train, 1 validation, 2 test, -1 none yet.
        groups: (n,) what must stay together, empty for nothing.
        widths: (n,) int64 upright width in pixels.
        heights: (n,) int64 upright height in pixels.
        brightness: (n,) float64 mean grey level, 0 black to 1 white.
        contrast: (n,) float64 standard deviation of the grey levels, 0 to 0.5.
        sharpness: (n,) float64 variance of the Laplacian.
        dhash: (n,) uint64 difference hash.
        pictures: (n, 48, 48) uint8 small grey copies.
        features: (n, n_features) float32 of the current backbone, or None where none were computed.
        border_features: The same of the images with their centre masked, or None.

    Raises:
        ValueError: The columns differ in length.
    """

    ids: tuple[str, ...]
    digests: tuple[str, ...]
    names: tuple[str, ...]
    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    splits: NDArray[np.int8]
    groups: tuple[str, ...]
    widths: NDArray[np.int64]
    heights: NDArray[np.int64]
    brightness: NDArray[np.float64]
    contrast: NDArray[np.float64]
    sharpness: NDArray[np.float64]
    dhash: NDArray[np.uint64]
    pictures: NDArray[np.uint8]
    features: NDArray[np.float32] | None = None
    border_features: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        lengths = {name: len(value) for name, value in vars(self).items() if name != "classes" and value is not None}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns of different lengths: {lengths}")

    def __len__(self) -> int:
        return len(self.ids)

    def alike(self, least: float) -> NDArray[np.int64]:
        """(k, 2) pairs of rows whose pictures correlate at least so much, at the best window; from `ALIKE` up."""
        pairs, correlations = self._alike
        return pairs[correlations >= least]

    @cached_property
    def _alike(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        return same_pictures(self.pictures, self.dhash, ALIKE)
