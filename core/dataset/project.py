"""A project's images as a manifest, and its splits drawn."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from core.catalog.database import Database
from core.catalog.items import Filter, Item, list_items, set_splits
from core.catalog.labels import list_labels
from core.dataset.manifest import SPLIT_NAMES, TEST, TRAIN, VALIDATION, Manifest, SplitName
from core.dataset.splits import DEFAULT_SHARES, FREE, complete_splits


def project_manifest(database: Database, project_id: str) -> Manifest:
    """Give the images of a project that take part in a training: labelled, not set aside, with their splits.

    Raises:
        NotFoundError: There is no such project.
    """
    classes = [label for label in list_labels(database, project_id) if label.images]
    index = {label.id: position for position, label in enumerate(classes)}
    items = _taking_part(database, project_id)
    return Manifest(
        classes=tuple(label.name for label in classes),
        digests=tuple(item.digest for item in items),
        labels=np.array([index[item.label_id or ""] for item in items], np.int64),
        splits=np.array([SPLIT_NAMES.index(item.split) if item.split else TRAIN for item in items], np.int8),
        names=tuple(item.name for item in items),
    )


def draw_splits(
    database: Database,
    project_id: str,
    *,
    shares: Sequence[float] = DEFAULT_SHARES,
    seed: int = 0,
    missing_only: bool = False,
    together: Mapping[str, Hashable] | None = None,
) -> dict[str, SplitName]:
    """Draw the splits of a project's images; what a folder, a table or a person fixed stays.

    Where folders gave some splits and not all, as train and test alone, the missing one is cut out of train; these two
    may then be drawn again, and the test split stays as it came.

    Args:
        database: The catalog.
        project_id: Whose images.
        shares: Of train, validation and test, in any unit.
        seed: Of the draw.
        missing_only: Draw only for images that have no split yet; where some were drawn before, no other one moves.
        together: For ids of items, something that those share which must not be divided between splits, such as copies
            of one picture; what a person grouped, and the same file in two classes, stays together in any case.

    Returns:
        Name of the split of each image that takes part, by id of its item.

    Raises:
        DatasetError: The shares are impossible.
        NotFoundError: There is no such project.
    """
    items = _taking_part(database, project_id)
    if not items:
        return {}
    position = {label.id: number for number, label in enumerate(list_labels(database, project_id))}
    drawn_before = any(item.split and not item.split_fixed for item in items)
    drawn = complete_splits(
        np.array([position[item.label_id or ""] for item in items], np.int64),
        np.array([_fixed_split(item, missing_only) for item in items], np.int8),
        shares=shares,
        seed=seed,
        groups=[_group(item, together or {}) for item in items],
        closed=_closed(items),
        carve=not (missing_only and drawn_before),
    )
    names = {item.id: SPLIT_NAMES[split] for item, split in zip(items, drawn, strict=True)}
    set_splits(database, project_id, names, loosened=_loosened(items, names))
    return names


def _fixed_split(item: Item, missing_only: bool) -> int:
    return SPLIT_NAMES.index(item.split) if item.split and (item.split_fixed or missing_only) else FREE


def _closed(items: Sequence[Item]) -> list[int]:
    """Of validation and test, those that consist of fixed images alone: they came so, and take no more."""
    found = []
    for split in (VALIDATION, TEST):
        fixed = [item.split_fixed for item in items if item.split == SPLIT_NAMES[split]]
        if fixed and all(fixed):
            found.append(split)
    return found


def _loosened(items: Sequence[Item], drawn: Mapping[str, str]) -> list[str]:
    """Images that came as train and were what a missing split was cut out of: from now on they may be drawn again."""
    pool = [item for item in items if item.split_fixed and item.split == SPLIT_NAMES[TRAIN]]
    return [item.id for item in pool] if any(drawn[item.id] != item.split for item in pool) else []


def _taking_part(database: Database, project_id: str) -> list[Item]:
    return [item for item in list_items(database, project_id, Filter(excluded=False)) if item.label_id is not None]


def _group(item: Item, together: Mapping[str, Hashable]) -> Hashable:
    if item.id in together:
        return together[item.id]
    return f"group {item.group}" if item.group else f"image {item.digest}"
