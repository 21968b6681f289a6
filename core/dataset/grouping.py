"""Which images must not be divided between splits: copies of one picture, frames of one burst, groups of a person.

Free of the checks: `Dataset` asks it, and splits, folds and checks read the answer there.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

BURST_STEP: Final = 3
"""Largest difference of the numbers in two file names for the two to be neighbours of a series."""

Pairs = NDArray[np.int64]
Sets = list[tuple[int, ...]]


def copy_sets(digests: Sequence[str], alike: Pairs) -> Sets:
    """Give sets of rows that show the same picture, each with two rows or more.

    Args:
        digests: (n,) SHA-256 of each file.
        alike: (k, 2) pairs of rows that show the same picture.
    """
    files = [(rows[0], row) for rows in sets_of(digests) for row in rows[1:]]
    return connected(np.concatenate([np.array(files, np.int64).reshape(-1, 2), alike]), len(digests))


def burst_sets(names: Sequence[str], alike: Pairs) -> Sets:
    """Give sets of rows that are neighbouring frames of a burst: names that follow each other, and alike.

    Args:
        names: (n,) file names.
        alike: (k, 2) pairs of rows that differ only a little.
    """
    series: dict[str, int] = {}
    places = np.array([(series.setdefault(stem, len(series)), number) for stem, number in map(_numbered_name, names)])
    steps = np.abs(places[alike[:, 0]] - places[alike[:, 1]]) if len(alike) else alike
    neighbours = (steps[:, 0] == 0) & (steps[:, 1] <= BURST_STEP)
    return connected(alike[neighbours], len(names))


def named_sets(groups: Sequence[str]) -> Sets:
    """Give sets of rows that a person grouped; an empty name stands for no group."""
    return [rows for rows in sets_of(groups) if groups[rows[0]]]


def numbered(sets: Iterable[Sequence[int]], n: int) -> NDArray[np.int64]:
    """(n,) a number that rows share that are in one set, also by way of a third one; alone, a row has its own."""
    pairs = [(rows[0], row) for rows in sets for row in rows[1:]]
    numbers = np.arange(n, dtype=np.int64)
    for rows in connected(np.array(pairs, np.int64).reshape(-1, 2), n):
        numbers[list(rows)] = rows[0]
    return numbers


def connected(pairs: Pairs, n: int) -> Sets:
    """Give the sets of rows that pairs connect."""
    if not len(pairs):
        return []
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return sets_of(connected_components(graph, directed=False)[1].tolist())


def sets_of(keys: Iterable[Hashable]) -> Sets:
    """Give the sets of rows that share a key, each with two rows or more, in order."""
    rows: dict[Hashable, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        rows[key].append(row)
    return [tuple(found) for found in rows.values() if len(found) > 1]


def _numbered_name(name: str) -> tuple[str, int]:
    """Divide a name into what stands around its last number, and the number; each name without one stands alone."""
    match = re.search(r"(\d{1,18})(\D*)$", name)
    return (name[: match.start(1)] + match.group(2), int(match.group(1))) if match else (f"{name}\0", 0)
