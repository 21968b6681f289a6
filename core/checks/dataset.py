"""The images that every check reads: those of a project, or those that were just ingested."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.catalog.database import Database
from core.catalog.items import Filter, list_items
from core.catalog.labels import list_labels
from core.checks.probe import Probe, out_of_fold
from core.dataset.grouping import Sets, burst_sets, duplicate_sets, named_sets, number_groups
from core.dataset.manifest import SPLIT_NAMES
from core.dataset.near_duplicates import ALIKE, SAME, SIDE, grey_picture, near_duplicate_pairs
from core.intake.results import Accepted
from core.storage.blobs import OriginalStore

NO_CLASS: Final = -1
_THREADS: Final = 4


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
        groups: (n,) name of the group that a person or a table gave, empty for none.
        widths: (n,) int64 upright width in pixels.
        heights: (n,) int64 upright height in pixels.
        brightness: (n,) float64 mean grey level, 0 black to 1 white.
        contrast: (n,) float64 standard deviation of the grey levels, 0 to 0.5.
        sharpness: (n,) float64 variance of the Laplacian.
        dhash: (n,) uint64 difference hash.
        pictures: (n, 48, 48) uint8 grey thumbnails.
        features: (n, n_features) float32 of the current backbone, or None where none were computed.
        border_features: Features of the same images with their centre masked, or None.

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

    def select(self, rows: NDArray[np.int64]) -> Self:
        """Give some of the images, in the order given, without anything that was derived from all of them."""
        chosen: dict[str, Any] = {}
        for one in fields(self):
            column = getattr(self, one.name)
            if one.name != "classes" and column is not None:
                is_array = isinstance(column, np.ndarray)
                chosen[one.name] = column[rows] if is_array else tuple(column[row] for row in rows.tolist())
        return replace(self, **chosen)

    @cached_property
    def labelled(self) -> Self:
        """The images that have a class."""
        rows = np.flatnonzero(self.labels != NO_CLASS).astype(np.int64)
        return self if len(rows) == len(self) else self.select(rows)

    def alike(self, least: float) -> NDArray[np.int64]:
        """(k, 2) pairs of rows whose pictures correlate at least this much, `ALIKE` or more, at the best window."""
        pairs, correlations = self._alike
        return pairs[correlations >= least]

    @cached_property
    def duplicates(self) -> Sets:
        """Sets of rows that show the same picture, each with two rows or more."""
        return duplicate_sets(self.digests, self.alike(SAME))

    @cached_property
    def bursts(self) -> Sets:
        """Sets of rows that are neighbouring frames of one burst."""
        return burst_sets(self.names, self.alike(ALIKE))

    @cached_property
    def group_ids(self) -> NDArray[np.int64]:
        """(n,) number of each row's split group: duplicates, bursts and named groups share one."""
        return number_groups([*self.duplicates, *self.bursts, *named_sets(self.groups)], len(self))

    @cached_property
    def probe(self) -> Probe:
        """Out-of-fold predictions by models that saw neither the image nor its split group.

        Raises:
            ValueError: No features were computed.
        """
        if self.features is None:
            raise ValueError("a probe needs features")
        return out_of_fold(self.features, self.labels, self.group_ids, len(self.classes))

    @cached_property
    def _alike(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        return near_duplicate_pairs(self.pictures, self.dhash, ALIKE)


def load_dataset(
    database: Database,
    project_id: str,
    originals: OriginalStore,
    *,
    unlabelled: bool = False,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Dataset:
    """Load the images of a project that were not set aside, without features.

    Args:
        database: The catalog.
        project_id: Whose images.
        originals: The store of their thumbnails.
        unlabelled: Whether to include images without a class.
        on_progress: Called with the number of images read so far, and of all.

    Raises:
        NotFoundError: There is no such project.
    """
    items = [item for item in list_items(database, project_id, Filter(excluded=False)) if item.label_id or unlabelled]
    labels = [label for label in list_labels(database, project_id) if label.images]
    index = {label.id: number for number, label in enumerate(labels)}
    return Dataset(
        ids=tuple(item.id for item in items),
        digests=tuple(item.digest for item in items),
        names=tuple(item.name for item in items),
        classes=tuple(label.name for label in labels),
        labels=np.array([index.get(item.label_id or "", NO_CLASS) for item in items], np.int64),
        splits=np.array([SPLIT_NAMES.index(item.split) if item.split else -1 for item in items], np.int8),
        groups=tuple(item.group or "" for item in items),
        widths=np.array([item.width for item in items], np.int64),
        heights=np.array([item.height for item in items], np.int64),
        brightness=np.array([item.brightness for item in items], np.float64),
        contrast=np.array([item.contrast for item in items], np.float64),
        sharpness=np.array([item.sharpness for item in items], np.float64),
        dhash=np.array([int(item.dhash, 16) for item in items], np.uint64),
        pictures=_pictures([item.digest for item in items], originals, on_progress),
    )


def ingested_dataset(accepted: Sequence[Accepted], originals: OriginalStore, *, unlabelled: bool = False) -> Dataset:
    """Build the dataset of images that were just ingested, without features. Ids are file names.

    Args:
        accepted: The images; those that the table set aside are left out.
        originals: The store of their thumbnails.
        unlabelled: Whether to include images without a class.
    """
    rows = [one for one in accepted if not one.excluded and (one.label is not None or unlabelled)]
    classes = tuple(sorted({one.label for one in rows if one.label is not None}))
    index = {label: number for number, label in enumerate(classes)}
    return Dataset(
        ids=tuple(one.name for one in rows),
        digests=tuple(one.digest for one in rows),
        names=tuple(one.name for one in rows),
        classes=classes,
        labels=np.array([index.get(one.label or "", NO_CLASS) for one in rows], np.int64),
        splits=np.array([SPLIT_NAMES.index(one.split) if one.split else -1 for one in rows], np.int8),
        groups=tuple(one.group or "" for one in rows),
        widths=np.array([one.width for one in rows], np.int64),
        heights=np.array([one.height for one in rows], np.int64),
        brightness=np.array([one.statistics.brightness for one in rows], np.float64),
        contrast=np.array([one.statistics.contrast for one in rows], np.float64),
        sharpness=np.array([one.statistics.sharpness for one in rows], np.float64),
        dhash=np.array([int(one.statistics.dhash, 16) for one in rows], np.uint64),
        pictures=_pictures([one.digest for one in rows], originals, lambda _done, _total: None),
    )


def _pictures(
    digests: Sequence[str], originals: OriginalStore, on_progress: Callable[[int, int], None]
) -> NDArray[np.uint8]:
    pictures = np.zeros((len(digests), SIDE, SIDE), np.uint8)
    with ThreadPoolExecutor(_THREADS) as pool:
        read = pool.map(lambda digest: _picture(originals, digest), digests)
        for row, picture in enumerate(read):
            pictures[row] = picture
            on_progress(row + 1, len(digests))
    return pictures


def _picture(originals: OriginalStore, digest: str) -> NDArray[np.uint8]:
    with Image.open(originals.thumbnail_path(digest)) as thumbnail:
        return grey_picture(thumbnail)
