"""Duplicates: identical pixels, the same picture changed, duplicates under two labels, bursts, and shared scenes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.checks.dataset import Dataset
from core.checks.result import Repair, Result, count_images, no_issue
from core.dataset.grouping import Sets, sets_by_key


def exact_duplicates(dataset: Dataset) -> Result:
    """Find identical pixels more than once in a class, in the same file or in another one."""
    sets = [
        tuple(rows[place] for place in places)
        for rows in dataset.identical
        for places in [*sets_by_key(dataset.labels[list(rows)].tolist())]
    ]
    if not sets:
        return no_issue(len(dataset), "No image occurs twice.")
    extra = _later(sets)
    verb = "is" if len(extra) == 1 else "are"
    return _result(
        dataset,
        sets,
        f"{count_images(len(extra))} {verb} an exact duplicate of another one in the same class.",
        Repair("delete", "Delete the duplicates, keep one of each", extra, preselected=True),
    )


def near_duplicates(dataset: Dataset) -> Result:
    """Find turned, mirrored, cropped, framed, rescaled, recompressed, brighter or captioned copies of one picture."""
    identical = {row: number for number, rows in enumerate(dataset.identical) for row in rows}
    sets = [rows for rows in dataset.duplicates if len({identical.get(row, -1 - row) for row in rows}) > 1]
    what = "the same picture as another one, but turned, mirrored, cropped, resized or otherwise changed"
    return _split_group_result(dataset, sets, what, "No picture is a changed copy of another.")


def bursts(dataset: Dataset) -> Result:
    """Find neighbouring frames of a burst: successive file names, and pictures of one scene."""
    return _split_group_result(dataset, dataset.bursts, "part of a burst or series", "There are no bursts.")


def same_scene(dataset: Dataset) -> Result:
    """Find several photographs of one scene, beyond copies and bursts."""
    in_bursts = {row: number for number, rows in enumerate(dataset.bursts) for row in rows}
    sets = [rows for rows in dataset.scenes if len({in_bursts.get(row, -1 - row) for row in rows}) > 1]
    what = "photographs of a scene that another image shows too"
    return _split_group_result(dataset, sets, what, "No two images show the same scene.")


def conflicting_labels(dataset: Dataset) -> Result:
    """Find the same picture under two labels; only for identical pixels one of the labels must be wrong."""
    exact, changed = (_conflicts(dataset, sets) for sets in (dataset.identical, dataset.duplicates))
    certain = {row for rows in exact for row in rows}
    likely = {row for rows in changed for row in rows} - certain
    if not certain | likely:
        return no_issue(len(dataset), "No picture is in two classes.")
    sentences = []
    if certain:
        sentences.append(
            f"{count_images(len(certain))} with identical pixels are under different labels; one of the labels must be "
            "wrong."
        )
    if likely:
        verb = "looks" if len(likely) == 1 else "look"
        sentences.append(
            f"{count_images(len(likely))} {verb} like a changed copy of an image under another label; compare them."
        )
    rows = np.array(sorted(certain | likely), np.int64)
    repair = Repair("exclude", "Set the chosen ones aside", rows)
    return _result(dataset, changed, " ".join(sentences), repair)


def _conflicts(dataset: Dataset, sets: Sets) -> Sets:
    return [rows for rows in sets if len({int(dataset.labels[row]) for row in rows}) > 1]


def _split_group_result(dataset: Dataset, sets: Sequence[tuple[int, ...]], what: str, nothing: str) -> Result:
    if not sets:
        return no_issue(len(dataset), nothing)
    return _result(
        dataset,
        sets,
        f"{count_images(sum(map(len, sets)))} are {what}, in {len(sets)} {'set' if len(sets) == 1 else 'sets'}. "
        "In different splits they would make the test too easy; Graft draws splits in which each set stays whole.",
        Repair("exclude", "Keep one of each, set the chosen ones aside", _later(sets)),
    )


def _later(sets: Sequence[tuple[int, ...]]) -> NDArray[np.int64]:
    return np.array(sorted(row for rows in sets for row in rows[1:]), np.int64)


def _result(dataset: Dataset, sets: Sequence[tuple[int, ...]], summary: str, repair: Repair) -> Result:
    flags = np.zeros(len(dataset), np.bool_)
    flags[[row for rows in sets for row in rows]] = True
    return Result(np.where(flags, 0.0, 1.0), flags, summary, tuple(sets), repair)
