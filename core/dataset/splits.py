"""Assigns images to train, validation and test: stratified, seeded, groups undivided, fixed splits unchanged."""

from collections.abc import Collection, Hashable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.dataset.manifest import SPLIT_NAMES, TEST, TRAIN, VALIDATION
from core.errors import DatasetError

DEFAULT_SHARES: Final = (70.0, 15.0, 15.0)
FREE: Final = -1
# A share below this part of the largest one is none: denormal numbers are zero to some processors and not to others.
LEAST_SHARE: Final = 1e-12
SPLITS: Final = len(SPLIT_NAMES)

Labels = NDArray[np.int64]
Splits = NDArray[np.int8]


def assign_splits(
    labels: Labels,
    *,
    shares: Sequence[float] = DEFAULT_SHARES,
    seed: int = 0,
    groups: Sequence[Hashable] | None = None,
    fixed: Splits | None = None,
) -> Splits:
    """Assign a split to every image.

    A class without groups is divided by the shares to within one image; a class with groups as well as the groups
    allow. A class of three or more images (or groups) has at least one in every split with a share; a class of one goes
    to train, a class of two to train and the next split with a share. Classes do not influence each other unless a
    group has images of both.

    Args:
        labels: (n,) int64, class of each image.
        shares: Shares of train, validation and test, in any unit; train's must be positive. A share below 1e-12 of the
            largest one counts as zero.
        seed: The same seed and input give the same splits.
        groups: (n,) group of each image (patient, burst, near duplicates), None for no group. A group stays in one
            split, unless fixed splits divide it already.
        fixed: (n,) int8 split of each image, `FREE` for those to be assigned. Free images of a group follow its fixed
            ones.

    Returns:
        (n,) int8 splits.

    Raises:
        DatasetError: The shares are not three finite numbers, none negative and train's positive.
    """
    weights = _check_shares(shares)
    splits = np.full(len(labels), FREE, np.int8) if fixed is None else fixed.astype(np.int8)
    members = _members(groups, len(labels))
    for rows in members:
        _follow_decided(splits, rows)
    classes, labels = np.unique(labels, return_inverse=True)
    wanted = np.array([_wanted(int(n), weights) for n in np.bincount(labels)], np.int64).reshape(-1, SPLITS)
    _assign_groups(labels, splits, wanted, [rows for rows in members if splits[rows[0]] == FREE], seed)
    for index in range(len(classes)):
        _assign_singles(labels, splits, wanted[index], index, seed)
    if members:
        _fill_empty(labels, splits, wanted, members, fixed)
    return splits


def complete_splits(
    labels: Labels,
    fixed: Splits,
    *,
    shares: Sequence[float] = DEFAULT_SHARES,
    seed: int = 0,
    groups: Sequence[Hashable] | None = None,
    closed: Collection[int] | None = None,
    take_from_train: bool = True,
) -> Splits:
    """Complete splits that came from folders or a table: assign free images, and take a missing split from train.

    Many data sets have only train and test, or train and val. An imported validation or test split stays exactly as it
    was, and no other image joins it unless it belongs to a group that is in it.

    Args:
        labels: (n,) int64, class of each image.
        fixed: (n,) int8, imported split of each image, `FREE` for none.
        shares: Shares of train, validation and test; a missing split gets its share of the images of train, free
            images and itself.
        seed: The same seed and input give the same splits.
        groups: (n,) group of each image, as in `assign_splits`.
        closed: Which of validation and test take no more images; None for those that have an imported image.
        take_from_train: Whether images imported as train may go to a missing split if the free ones do not suffice.

    Returns:
        (n,) int8 splits.

    Raises:
        DatasetError: The shares are not usable, as in `assign_splits`.
    """
    weights = _check_shares(shares)
    if closed is None:
        closed = [split for split in (VALIDATION, TEST) if (fixed == split).any()]
    weights[list(closed)] = 0
    splits = fixed.astype(np.int8)
    for rows in _members(groups, len(labels)):
        _follow_decided(splits, rows)
    inside = np.flatnonzero(~np.isin(splits, list(closed)))
    given = splits[inside]
    if take_from_train and (given == FREE).sum() < _lacking(given, weights):
        given = np.where(given == TRAIN, np.int8(FREE), given)
    chosen = None if groups is None else [groups[row] for row in inside.tolist()]
    splits[inside] = assign_splits(labels[inside], shares=weights.tolist(), seed=seed, groups=chosen, fixed=given)
    return splits


def _lacking(given: Splits, weights: NDArray[np.float64]) -> float:
    """Return how many images the empty splits should have."""
    missing = [split for split in range(SPLITS) if split != TRAIN and not (given == split).any()]
    return float(weights[missing].sum() / weights.sum() * len(given))


def _check_shares(shares: Sequence[float]) -> NDArray[np.float64]:
    weights = np.asarray(shares, np.float64)
    if (
        weights.shape != (SPLITS,)
        or not np.isfinite(weights).all()
        or (weights < 0).any()
        or not weights[TRAIN] > LEAST_SHARE * weights.max()
    ):
        raise DatasetError(
            f"The shares {tuple(shares)} cannot divide the images.",
            "Give three numbers for train, validation and test, such as 70, 15, 15; none negative, train above zero.",
        )
    scaled = weights / weights.max()
    scaled[scaled < LEAST_SHARE] = 0
    return np.asarray(scaled / scaled.sum())


def _members(groups: Sequence[Hashable] | None, n: int) -> list[NDArray[np.int64]]:
    """Return the rows of each group of two or more, in order of first appearance."""
    if groups is None:
        return []
    if len(groups) != n:
        raise ValueError(f"{len(groups)} groups, {n} images")
    rows: dict[Hashable, list[int]] = {}
    for row, group in enumerate(groups):
        if group is not None:
            rows.setdefault(group, []).append(row)
    return [np.asarray(found, np.int64) for found in rows.values() if len(found) > 1]


def _follow_decided(splits: Splits, rows: NDArray[np.int64]) -> None:
    decided = splits[rows][splits[rows] != FREE]
    if len(decided):
        # A group that fixed splits divide leaks anyway; its other images do the least harm in train.
        splits[rows] = np.where(splits[rows] == FREE, decided.min(), splits[rows])


def _wanted(n: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how many of n images each split should have: largest remainders, then at least one for each share."""
    counts = _apportion(n, weights)
    for split in np.flatnonzero((weights > 0) & (counts == 0))[: max(0, n - 1)]:
        donor = int(counts.argmax())
        if counts[donor] > 1:
            counts[donor] -= 1
            counts[split] += 1
    return counts


def _apportion(n: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    quotas = n * weights / weights.sum()
    counts: NDArray[np.int64] = np.floor(quotas + 1e-9).astype(np.int64)
    largest = np.argsort(counts - quotas, kind="stable")
    counts[largest[: n - int(counts.sum())]] += 1
    return counts


def _assign_groups(
    labels: Labels, splits: Splits, wanted: NDArray[np.int64], members: list[NDArray[np.int64]], seed: int
) -> None:
    """Assign groups, the largest first, each to the split that lacks most images of its classes."""
    if not members:
        return
    lacking = wanted - _counts(labels, splits, len(wanted))
    ties = np.random.default_rng([seed, len(wanted)]).random(len(members))
    for index in np.lexsort((ties, np.array([-len(rows) for rows in members]))):
        rows = members[index]
        held = np.bincount(labels[rows], minlength=len(wanted))
        scores = np.where(wanted.sum(axis=0) > 0, held @ lacking, -np.inf)
        split = int(scores.argmax())
        splits[rows] = split
        lacking[:, split] -= held


def _assign_singles(labels: Labels, splits: Splits, wanted: NDArray[np.int64], index: int, seed: int) -> None:
    mine = labels == index
    free = np.flatnonzero(mine & (splits == FREE))
    have = np.bincount(splits[mine & (splits != FREE)], minlength=SPLITS)
    lacking = np.maximum(wanted - have, 0).astype(np.float64)
    counts = _apportion(len(free), lacking if lacking.any() else wanted.astype(np.float64))
    order = np.random.default_rng([seed, index]).permutation(len(free))
    splits[free[order]] = np.repeat(np.arange(SPLITS, dtype=np.int8), counts)


def _fill_empty(
    labels: Labels,
    splits: Splits,
    wanted: NDArray[np.int64],
    members: list[NDArray[np.int64]],
    fixed: Splits | None,
) -> None:
    """If a class has no image in a split, move its smallest movable group whose other classes keep an example."""
    counts = _counts(labels, splits, len(wanted))
    empty = np.argwhere((counts == 0) & (wanted > 0))
    units = _movable_units(members, len(labels), fixed) if len(empty) else []
    for index, split in empty:
        for rows in units:
            held = np.bincount(labels[rows], minlength=len(wanted))
            here = counts[:, splits[rows[0]]]
            if held[index] and (here[held > 0] > held[held > 0]).all():
                counts[:, splits[rows[0]]] -= held
                counts[:, split] += held
                splits[rows] = split
                break


def _movable_units(members: list[NDArray[np.int64]], n: int, fixed: Splits | None) -> list[NDArray[np.int64]]:
    """Return groups and single images without a fixed split, the smallest first."""
    single = np.ones(n, bool)
    for rows in members:
        single[rows] = False
    units = [*np.flatnonzero(single)[:, None], *members]
    if fixed is not None:
        units = [rows for rows in units if (fixed[rows] == FREE).all()]
    return sorted(units, key=len)


def _counts(labels: Labels, splits: Splits, classes: int) -> NDArray[np.int64]:
    table = np.zeros((classes, SPLITS), np.int64)
    decided = splits != FREE
    np.add.at(table, (labels[decided], splits[decided].astype(np.int64)), 1)
    return table
