"""Duplicates: exact ones, near ones, duplicates under two labels, and bursts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.checks.dataset import Dataset
from core.checks.result import Repair, Result, count_images, no_issue
from core.dataset.grouping import sets_by_key


def exact_duplicates(dataset: Dataset) -> Result:
    """Find the same file more than once in a class."""
    sets = sets_by_key(zip(dataset.digests, dataset.labels.tolist(), strict=True))
    if not sets:
        return no_issue(len(dataset), "No file occurs twice.")
    extra = _later(sets)
    verb = "is" if len(extra) == 1 else "are"
    return _result(
        dataset,
        sets,
        f"{count_images(len(extra))} {verb} an exact copy of another one in the same class.",
        Repair("delete", "Delete the copies, keep one of each", extra),
    )


def near_duplicates(dataset: Dataset) -> Result:
    """Find resized, recompressed or slightly cropped duplicates."""
    sets = [rows for rows in dataset.duplicates if len({dataset.digests[row] for row in rows}) > 1]
    return _split_group_result(
        dataset, sets, "nearly the same as another one", "No picture is nearly the same as another."
    )


def bursts(dataset: Dataset) -> Result:
    """Find neighbouring frames of a burst: successive file names, and pictures that differ only a little."""
    return _split_group_result(dataset, dataset.bursts, "part of a burst or series", "There are no bursts.")


def conflicting_labels(dataset: Dataset) -> Result:
    """Find the same picture under two labels."""
    sets = [rows for rows in dataset.duplicates if len({int(dataset.labels[row]) for row in rows}) > 1]
    if not sets:
        return no_issue(len(dataset), "No picture is in two classes.")
    rows = np.array(sorted(row for one in sets for row in one), np.int64)
    return _result(
        dataset,
        sets,
        f"{count_images(len(rows))} show the same picture under different labels; one of the labels must be wrong.",
        Repair("exclude", "Set all of them aside", rows),
    )


def _split_group_result(dataset: Dataset, sets: Sequence[tuple[int, ...]], what: str, nothing: str) -> Result:
    if not sets:
        return no_issue(len(dataset), nothing)
    return _result(
        dataset,
        sets,
        f"{count_images(sum(map(len, sets)))} are {what}, in {len(sets)} {'set' if len(sets) == 1 else 'sets'}. "
        "In different splits they would make the test too easy; Graft draws splits in which each set stays whole.",
        Repair("exclude", "Keep one of each, set the others aside", _later(sets)),
    )


def _later(sets: Sequence[tuple[int, ...]]) -> NDArray[np.int64]:
    return np.array(sorted(row for rows in sets for row in rows[1:]), np.int64)


def _result(dataset: Dataset, sets: Sequence[tuple[int, ...]], summary: str, repair: Repair) -> Result:
    flags = np.zeros(len(dataset), np.bool_)
    flags[[row for rows in sets for row in rows]] = True
    return Result(np.where(flags, 0.0, 1.0), flags, summary, tuple(sets), repair)
