"""The images that every check reads: those of a project, or those that were just ingested."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from core.catalog.database import Database
from core.catalog.items import Filter, list_items
from core.catalog.labels import list_labels
from core.checks.probe import Probe, out_of_fold
from core.dataset.duplicates import Progress, find_stored_duplicates
from core.dataset.grouping import (
    Sets,
    burst_sets,
    connected_sets,
    duplicate_sets,
    named_sets,
    number_groups,
)
from core.dataset.manifest import SPLIT_NAMES
from core.dataset.near_duplicates import DuplicatePairs
from core.intake.results import Accepted
from core.settings import Settings
from core.storage.blobs import OriginalStore

NO_CLASS: Final = -1
_NO_COLUMNS: Final = {"classes", "empty_classes", "pairs"}


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
        empty_classes: Names of the classes without any of these images.
        pairs: Rows that show the same picture or the same scene.
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
    pairs: DuplicatePairs
    features: NDArray[np.float32] | None = None
    border_features: NDArray[np.float32] | None = None
    empty_classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        columns = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _NO_COLUMNS}
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
            if one.name not in _NO_COLUMNS and column is not None:
                is_array = isinstance(column, np.ndarray)
                chosen[one.name] = column[rows] if is_array else tuple(column[row] for row in rows.tolist())
        return replace(self, **chosen, pairs=self.pairs.select(rows, len(self)))

    @cached_property
    def labelled(self) -> Self:
        """The images that have a class."""
        rows = np.flatnonzero(self.labels != NO_CLASS).astype(np.int64)
        return self if len(rows) == len(self) else self.select(rows)

    @cached_property
    def identical(self) -> Sets:
        """Sets of rows with identical pixels, also in other files."""
        return duplicate_sets(self.digests, self.pairs.identical)

    @cached_property
    def duplicates(self) -> Sets:
        """Sets of rows that show the same picture, identical or changed."""
        return duplicate_sets(self.digests, np.concatenate([self.pairs.identical, self.pairs.same]))

    @cached_property
    def bursts(self) -> Sets:
        """Sets of rows that are neighbouring frames of one burst."""
        return burst_sets(self.names, np.concatenate([self.pairs.same, self.pairs.scene]))

    @cached_property
    def scenes(self) -> Sets:
        """Sets of rows that are photographs of one scene, of which at least two are not the same picture."""
        duplicates = number_groups(self.duplicates, len(self))
        pairs = self.pairs.scene[(duplicates[self.pairs.scene[:, 0]] != duplicates[self.pairs.scene[:, 1]])]
        return connected_sets(pairs, len(self))

    @cached_property
    def group_ids(self) -> NDArray[np.int64]:
        """(n,) number of each row's split group: duplicates, bursts, scenes and named groups share one."""
        return number_groups([*self.duplicates, *self.bursts, *self.scenes, *named_sets(self.groups)], len(self))

    @cached_property
    def probe(self) -> Probe:
        """Out-of-fold predictions by models that saw neither the image nor its split group.

        Raises:
            ValueError: No features were computed.
        """
        if self.features is None:
            raise ValueError("a probe needs features")
        return out_of_fold(self.features, self.labels, self.group_ids, len(self.classes))


def load_dataset(
    database: Database,
    project_id: str,
    originals: OriginalStore,
    *,
    settings: Settings | None = None,
    unlabelled: bool = False,
    on_progress: Progress = lambda _done, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Dataset:
    """Load the images of a project that were not set aside, without features.

    Args:
        database: The catalog.
        project_id: Whose images.
        originals: The store of their thumbnails.
        settings: Where found duplicates are cached; None to search anew.
        unlabelled: Whether to include images without a class.
        on_progress: Called while duplicates are searched, as in `core.dataset.near_duplicates.find_duplicates`.
        should_stop: Whether to stop early; duplicates are then not complete.

    Raises:
        NotFoundError: There is no such project.
    """
    # Duplicates are searched among all images: setting one aside, or giving it a class, needs no new search.
    stored = list_items(database, project_id, Filter())
    pairs = find_stored_duplicates(
        [item.digest for item in stored],
        [item.name for item in stored],
        [(item.width, item.height) for item in stored],
        originals,
        settings=settings,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    rows = [row for row, item in enumerate(stored) if not item.excluded and (item.label_id or unlabelled)]
    items = [stored[row] for row in rows]
    everything = list_labels(database, project_id)
    used = {item.label_id for item in items}
    labels = [label for label in everything if label.id in used]
    index = {label.id: number for number, label in enumerate(labels)}
    return Dataset(
        ids=tuple(item.id for item in items),
        digests=tuple(item.digest for item in items),
        names=tuple(item.name for item in items),
        classes=tuple(label.name for label in labels),
        empty_classes=tuple(label.name for label in everything if label.id not in used),
        labels=np.array([index.get(item.label_id or "", NO_CLASS) for item in items], np.int64),
        splits=np.array([SPLIT_NAMES.index(item.split) if item.split else -1 for item in items], np.int8),
        groups=tuple(item.group or "" for item in items),
        widths=np.array([item.width for item in items], np.int64),
        heights=np.array([item.height for item in items], np.int64),
        brightness=np.array([item.brightness for item in items], np.float64),
        contrast=np.array([item.contrast for item in items], np.float64),
        sharpness=np.array([item.sharpness for item in items], np.float64),
        pairs=pairs.select(np.array(rows, np.int64), len(stored)),
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
        pairs=find_stored_duplicates(
            [one.digest for one in rows],
            [one.name for one in rows],
            [(one.width, one.height) for one in rows],
            originals,
        ),
    )
