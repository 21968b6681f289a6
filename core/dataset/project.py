"""A project's images as a manifest, and the drawing of its splits."""

import hashlib
import json
from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from core.catalog.database import Database
from core.catalog.items import Filter, Item, count_bit_depths, list_items, set_splits
from core.catalog.labels import list_labels
from core.dataset.manifest import SPLIT_NAMES, TEST, TRAIN, VALIDATION, Manifest, SplitName
from core.dataset.pixels import common_bit_depth
from core.dataset.splits import DEFAULT_SHARES, FREE, complete_splits


def project_manifest(database: Database, project_id: str) -> Manifest:
    """Return the images of a project that take part in a training: labelled, not excluded, with their splits.

    Raises:
        NotFoundError: There is no such project.
    """
    classes = [label for label in list_labels(database, project_id) if label.images]
    index = {label.id: position for position, label in enumerate(classes)}
    items = _included_items(database, project_id)
    return Manifest(
        classes=tuple(label.name for label in classes),
        digests=tuple(item.digest for item in items),
        labels=np.array([index[item.label_id or ""] for item in items], np.int64),
        splits=np.array([SPLIT_NAMES.index(item.split) if item.split else TRAIN for item in items], np.int8),
        names=tuple(item.name for item in items),
    )


def project_bit_depth(database: Database, project_id: str) -> int | None:
    """Return the bit depth at which a project's deep images are read, as `common_bit_depth` chooses it."""
    return common_bit_depth(count_bit_depths(database, project_id))


def fingerprint_images(database: Database, project_id: str) -> str:
    """Hash everything about a project's images that decides what is learned and measured on them.

    Raises:
        NotFoundError: There is no such project.
    """
    names = {label.id: label.name for label in list_labels(database, project_id)}
    rows = sorted(
        (item.digest, names[item.label_id or ""], item.split or "", item.group or "")
        for item in _included_items(database, project_id)
    )
    return hashlib.blake2b(json.dumps(rows).encode(), digest_size=16).hexdigest()


def draw_splits(
    database: Database,
    project_id: str,
    *,
    shares: Sequence[float] = DEFAULT_SHARES,
    seed: int = 0,
    missing_only: bool = False,
    groups: Mapping[str, Hashable] | None = None,
) -> dict[str, SplitName]:
    """Draw the splits of a project's images; a split that a folder, a table or a person fixed stays.

    If folders gave only some splits, such as train and test, the missing one is taken from train. Train and the new
    split may then be drawn again; the test split stays as it was imported.

    Args:
        database: The catalog.
        project_id: Whose images.
        shares: Shares of train, validation and test, in any unit.
        seed: Seed of the draw.
        missing_only: Draw only for images without a split; if any split was drawn before, no other image moves.
        groups: Group of each item by its id; a group stays in one split, such as copies of one picture. Items that are
            missing here are grouped by the person's groups and by digest.

    Returns:
        Name of the split of each included image, by id of its item.

    Raises:
        DatasetError: The shares are impossible.
        NotFoundError: There is no such project.
    """
    items = _included_items(database, project_id)
    if not items:
        return {}
    position = {label.id: number for number, label in enumerate(list_labels(database, project_id))}
    drawn_before = any(item.split and not item.split_fixed for item in items)
    drawn = complete_splits(
        np.array([position[item.label_id or ""] for item in items], np.int64),
        np.array([_fixed_split(item, missing_only) for item in items], np.int8),
        shares=shares,
        seed=seed,
        groups=[_group(item, groups or {}) for item in items],
        closed=_closed(items),
        take_from_train=not (missing_only and drawn_before),
    )
    names = {item.id: SPLIT_NAMES[split] for item, split in zip(items, drawn, strict=True)}
    set_splits(database, project_id, names, unfixed=_unfixed(items, names))
    return names


def _fixed_split(item: Item, missing_only: bool) -> int:
    return SPLIT_NAMES.index(item.split) if item.split and (item.split_fixed or missing_only) else FREE


def _closed(items: Sequence[Item]) -> list[int]:
    """Return which of validation and test consist of fixed images only: they were imported and take no more images."""
    found = []
    for split in (VALIDATION, TEST):
        fixed = [item.split_fixed for item in items if item.split == SPLIT_NAMES[split]]
        if fixed and all(fixed):
            found.append(split)
    return found


def _unfixed(items: Sequence[Item], drawn: Mapping[str, str]) -> list[str]:
    """Return the images imported as train if a missing split was taken from them: they may be drawn again."""
    pool = [item for item in items if item.split_fixed and item.split == SPLIT_NAMES[TRAIN]]
    return [item.id for item in pool] if any(drawn[item.id] != item.split for item in pool) else []


def _included_items(database: Database, project_id: str) -> list[Item]:
    return [item for item in list_items(database, project_id, Filter(excluded=False)) if item.label_id is not None]


def _group(item: Item, groups: Mapping[str, Hashable]) -> Hashable:
    if item.id in groups:
        return groups[item.id]
    return f"group {item.group}" if item.group else f"image {item.digest}"
