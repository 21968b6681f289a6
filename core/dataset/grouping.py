"""Split groups: images that must stay in one split, such as duplicates, frames of a burst, and named groups.

`core.checks.dataset.Dataset` applies these functions; splits, folds and checks read the result there.
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
"""Largest difference of the numbers in the names of two neighbouring frames."""

Pairs = NDArray[np.int64]
Sets = list[tuple[int, ...]]


def duplicate_sets(digests: Sequence[str], alike: Pairs) -> Sets:
    """Give sets of two rows or more that show the same picture.

    Args:
        digests: (n,) SHA-256 of each file.
        alike: (k, 2) pairs of rows that show the same picture.
    """
    files = [(rows[0], row) for rows in sets_by_key(digests) for row in rows[1:]]
    return connected_sets(np.concatenate([np.array(files, np.int64).reshape(-1, 2), alike]), len(digests))


def burst_sets(names: Sequence[str], alike: Pairs) -> Sets:
    """Give sets of rows that are frames of one burst: similar pictures with successive names.

    Args:
        names: (n,) file names.
        alike: (k, 2) pairs of rows that differ only a little.
    """
    series: dict[str, int] = {}
    places = np.array([(series.setdefault(stem, len(series)), number) for stem, number in map(_numbered_name, names)])
    steps = np.abs(places[alike[:, 0]] - places[alike[:, 1]]) if len(alike) else alike
    neighbours = (steps[:, 0] == 0) & (steps[:, 1] <= BURST_STEP)
    return connected_sets(alike[neighbours], len(names))


def named_sets(groups: Sequence[str]) -> Sets:
    """Give sets of rows that share a group name; an empty name stands for no group."""
    return [rows for rows in sets_by_key(groups) if groups[rows[0]]]


def number_groups(sets: Iterable[Sequence[int]], n: int) -> NDArray[np.int64]:
    """(n,) number of each row's group: sets that share a row are one group, a row without a set is its own."""
    pairs = [(rows[0], row) for rows in sets for row in rows[1:]]
    numbers = np.arange(n, dtype=np.int64)
    for rows in connected_sets(np.array(pairs, np.int64).reshape(-1, 2), n):
        numbers[list(rows)] = rows[0]
    return numbers


def connected_sets(pairs: Pairs, n: int) -> Sets:
    """Give the connected components of two rows or more."""
    if not len(pairs):
        return []
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return sets_by_key(connected_components(graph, directed=False)[1].tolist())


def sets_by_key(keys: Iterable[Hashable]) -> Sets:
    """Give the sets of two rows or more that share a key, in order of first appearance."""
    rows: dict[Hashable, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        rows[key].append(row)
    return [tuple(found) for found in rows.values() if len(found) > 1]


def _numbered_name(name: str) -> tuple[str, int]:
    """Split a name into the text around its last number, and that number; names without a number never match."""
    match = re.search(r"(\d{1,18})(\D*)$", name)
    return (name[: match.start(1)] + match.group(2), int(match.group(1))) if match else (f"{name}\0", 0)
