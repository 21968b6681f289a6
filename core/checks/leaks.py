"""Leaks between splits: duplicates, bursts or groups with images in more than one split.

Splits that Graft draws keep them whole. Splits from folders or a table, or set by hand, are not changed and may leak.
"""

import numpy as np

from core.checks.dataset import Dataset
from core.checks.result import Repair, Result, count_images, no_issue
from core.dataset.grouping import sets_by_key
from core.dataset.manifest import SPLIT_NAMES, TEST, VALIDATION


def leaks(dataset: Dataset) -> Result:
    """Find sets of images that belong together and are in more than one split."""
    n = len(dataset)
    sets = [rows for rows in sets_by_key(dataset.group_ids.tolist()) if len(_splits(dataset, rows)) > 1]
    if not sets:
        return no_issue(n, "No split group is in more than one split.")
    flags = np.zeros(n, np.bool_)
    flags[[row for rows in sets for row in rows]] = True
    measured = {int(split) for rows in sets for split in _splits(dataset, rows)} & {VALIDATION, TEST}
    what = " and ".join(f"the {SPLIT_NAMES[split]} split" for split in sorted(measured, reverse=True))
    return Result(
        np.where(flags, 0.0, 1.0),
        flags,
        f"{count_images(int(flags.sum()))} in {len(sets)} {'set' if len(sets) == 1 else 'sets'} of duplicates, bursts "
        f"or groups are in different splits, so {what} would be easier than real use. Their splits were fixed by a "
        "folder, a table or by hand, and stay.",
        tuple(sets),
        Repair("exclude", "Set aside those that are also in a later split", _earlier(dataset, sets)),
    )


def _splits(dataset: Dataset, rows: tuple[int, ...]) -> set[int]:
    return {int(split) for split in dataset.splits[list(rows)] if split >= 0}


def _earlier(dataset: Dataset, sets: list[tuple[int, ...]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Rows to set aside so that the test split, then the validation split, stays complete."""
    rows = [row for found in sets for row in found if dataset.splits[row] < max(_splits(dataset, found))]
    return np.array(sorted(rows), np.int64)
