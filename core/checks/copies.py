"""Copies: the same file twice, nearly the same picture, the same picture under two labels, and bursts."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from core.checks.alignment import ALIKE, SAME
from core.checks.material import Material
from core.checks.result import Repair, Result, fine, images

BURST_STEP = 3
"""Largest difference of the numbers in two file names for the two to be neighbours of a series."""


def exact_copies(material: Material) -> Result:
    """Find the same file more than once in a class."""
    sets = _sets(_by(zip(material.digests, material.labels.tolist(), strict=True)))
    if not sets:
        return fine(len(material), "No file is there twice.")
    extra = _later(sets)
    verb = "is" if len(extra) == 1 else "are"
    return _result(
        material,
        sets,
        f"{images(len(extra))} {verb} an exact copy of another one in the same class.",
        Repair("delete", "Delete the copies, keep one of each", extra),
    )


def near_copies(material: Material) -> Result:
    """Find resized, recompressed or slightly cropped copies."""
    sets = [rows for rows in near_sets(material) if len({material.digests[row] for row in rows}) > 1]
    return _kept_together(material, sets, "nearly the same as another one", "No picture is nearly the same as another.")


def bursts(material: Material) -> Result:
    """Find neighbouring frames of a burst: successive file names, and pictures that differ only a little."""
    pairs = [pair for pair in material.alike(ALIKE).tolist() if _neighbours(material, *pair)]
    sets = _connected(np.array(pairs, np.int64).reshape(-1, 2), len(material))
    return _kept_together(material, sets, "part of a burst or series", "There are no bursts.")


def conflicting_labels(material: Material) -> Result:
    """Find the same picture under two labels."""
    sets = [rows for rows in near_sets(material) if len({int(material.labels[row]) for row in rows}) > 1]
    if not sets:
        return fine(len(material), "No picture is in two classes.")
    rows = np.array(sorted(row for one in sets for row in one), np.int64)
    return _result(
        material,
        sets,
        f"{images(len(rows))} show the same picture under different labels; one of the labels must be wrong.",
        Repair("exclude", "Set all of them aside", rows),
    )


def near_sets(material: Material) -> list[tuple[int, ...]]:
    """Give sets of rows that show the same picture, each with two rows or more, in order."""
    files = [(rows[0], row) for rows in _sets(_by(material.digests)) for row in rows[1:]]
    pairs = np.concatenate([np.array(files, np.int64).reshape(-1, 2), material.alike(SAME)])
    return _connected(pairs, len(material))


def kept_together(material: Material) -> NDArray[np.int64]:
    """(n,) a number that rows share that must not be divided between splits: copies, bursts, and groups of a person."""
    named = _sets(_by(group or f"\0{row}" for row, group in enumerate(material.groups)))
    together = [*near_sets(material), *bursts(material).sets, *named]
    pairs = [(rows[0], row) for rows in together for row in rows[1:]]
    numbers = np.arange(len(material), dtype=np.int64)
    for rows in _connected(np.array(pairs, np.int64).reshape(-1, 2), len(material)):
        numbers[list(rows)] = rows[0]
    return numbers


def _neighbours(material: Material, one: int, other: int) -> bool:
    stem, number = _numbered(material.names[one])
    other_stem, other_number = _numbered(material.names[other])
    return stem == other_stem and abs(number - other_number) <= BURST_STEP


def _numbered(name: str) -> tuple[str, int]:
    """Divide a name into what stands around its last number, and the number; each name without one stands alone."""
    match = re.search(r"(\d{1,18})(\D*)$", name)
    return (name[: match.start(1)] + match.group(2), int(match.group(1))) if match else (f"{name}\0", 0)


def _kept_together(material: Material, sets: Sequence[tuple[int, ...]], what: str, nothing: str) -> Result:
    if not sets:
        return fine(len(material), nothing)
    rows = np.array(sorted(row for one in sets for row in one), np.int64)
    return _result(
        material,
        sets,
        f"{images(len(rows))} are {what}, in {len(sets)} {'set' if len(sets) == 1 else 'sets'}. In different splits "
        "they would make the test too easy; Graft keeps each set in one split.",
        Repair("exclude", "Keep one of each, set the others aside", _later(sets)),
    )


def _connected(pairs: NDArray[np.int64], n: int) -> list[tuple[int, ...]]:
    if not len(pairs):
        return []
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    return _sets(_by(component.tolist()))


def _by(keys: Iterable[object]) -> dict[object, list[int]]:
    rows: dict[object, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        rows[key].append(row)
    return rows


def _sets(by_key: dict[object, list[int]]) -> list[tuple[int, ...]]:
    return [tuple(rows) for rows in by_key.values() if len(rows) > 1]


def _later(sets: Sequence[tuple[int, ...]]) -> NDArray[np.int64]:
    return np.array(sorted(row for rows in sets for row in rows[1:]), np.int64)


def _result(material: Material, sets: Sequence[tuple[int, ...]], summary: str, repair: Repair) -> Result:
    flags = np.zeros(len(material), np.bool_)
    flags[[row for rows in sets for row in rows]] = True
    return Result(np.where(flags, 0.0, 1.0), flags, summary, tuple(sets), repair)
