"""What every check reads."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from core.checks.probe import Probe, out_of_fold
from core.dataset.grouping import Sets, burst_sets, copy_sets, named_sets, numbered
from core.dataset.near_duplicates import ALIKE, SAME, near_duplicate_pairs

NO_CLASS: Final = -1


@dataclass(frozen=True)
class Dataset:
    """The images of a project that were not set aside, one row an image.

    Attributes:
        ids: (n,) ids of the items, for repairs.
        digests: (n,) SHA-256 of each original, in hex.
        names: (n,) file names that a person knows.
        classes: Names of the classes.
        labels: (n,) int64, index into `classes`, `NO_CLASS` where an image has none.
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
        columns = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "classes"}
        lengths = {name: len(value) for name, value in columns.items() if value is not None}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns of different lengths: {lengths}")

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, rows: NDArray[np.int64]) -> Self:
        """The same for some of the images, in the order given; what was found about all of them is forgotten."""
        chosen: dict[str, Any] = {}
        for one in fields(self):
            column = getattr(self, one.name)
            if one.name != "classes" and column is not None:
                is_array = isinstance(column, np.ndarray)
                chosen[one.name] = column[rows] if is_array else tuple(column[row] for row in rows.tolist())
        return replace(self, **chosen)

    @cached_property
    def labelled(self) -> Self:
        """Those of the images that have a class, which a training takes part of."""
        rows = np.flatnonzero(self.labels != NO_CLASS).astype(np.int64)
        return self if len(rows) == len(self) else self.only(rows)

    def alike(self, least: float) -> NDArray[np.int64]:
        """(k, 2) pairs of rows whose pictures correlate at least so much, at the best window; from `ALIKE` up."""
        pairs, correlations = self._alike
        return pairs[correlations >= least]

    @cached_property
    def copies(self) -> Sets:
        """Sets of rows that show the same picture, each with two rows or more."""
        return copy_sets(self.digests, self.alike(SAME))

    @cached_property
    def bursts(self) -> Sets:
        """Sets of rows that are neighbouring frames of one burst."""
        return burst_sets(self.names, self.alike(ALIKE))

    @cached_property
    def together(self) -> NDArray[np.int64]:
        """(n,) a number that rows share that must not be divided: copies, bursts, and groups of a person."""
        return numbered([*self.copies, *self.bursts, *named_sets(self.groups)], len(self))

    @cached_property
    def probe(self) -> Probe:
        """What models that have seen neither an image nor one of its set say of it.

        Raises:
            ValueError: No features were computed.
        """
        if self.features is None:
            raise ValueError("a probe needs features")
        return out_of_fold(self.features, self.labels, self.together, len(self.classes))

    @cached_property
    def _alike(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        return near_duplicate_pairs(self.pictures, self.dhash, ALIKE)
