"""Images as the dataset of checks: those of a project, or those that were just taken in."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.catalog.database import Database
from core.catalog.items import Filter, list_items
from core.catalog.labels import list_labels
from core.checks.dataset import NO_CLASS, Dataset
from core.dataset.manifest import SPLIT_NAMES
from core.dataset.near_duplicates import SIDE, grey_picture
from core.intake.results import Accepted
from core.storage.blobs import OriginalStore

_THREADS = 4


def load_dataset(
    database: Database,
    project_id: str,
    originals: OriginalStore,
    *,
    unlabelled: bool = False,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Dataset:
    """Give the images of a project that were not set aside, without features.

    Args:
        database: The catalog.
        project_id: Whose images.
        originals: Where their small copies lie.
        unlabelled: Also those that have no class.
        on_progress: Told the images that were read, and all.

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


def ingested_dataset(taken: Sequence[Accepted], originals: OriginalStore, *, unlabelled: bool = False) -> Dataset:
    """Give images that were just taken in, without features. Ids are file names.

    Args:
        taken: The images; those that the table set aside are left out.
        originals: Where their small copies lie.
        unlabelled: Whether to give those too that have no class.
    """
    rows = [one for one in taken if not one.excluded and (one.label is not None or unlabelled)]
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
