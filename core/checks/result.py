"""The shape of result that every check gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Action = Literal["exclude", "delete", "relabel"]
Severity = Literal["serious", "warning", "info"]


@dataclass(frozen=True)
class Repair:
    """What one click would do.

    Attributes:
        action: `exclude` or `delete` the rows, or `relabel` each to the class of `labels`.
        title: What it does, for the button.
        rows: (k,) which images.
        labels: (k,) int64 new classes; only with `relabel`.
        preselected: Whether the images are chosen from the start: only of exact duplicates, of which one stays.
    """

    action: Action
    title: str
    rows: NDArray[np.int64]
    labels: NDArray[np.int64] | None = None
    preselected: bool = False


@dataclass(frozen=True)
class Result:
    """What a check found.

    Attributes:
        scores: (n,) float64, 0 is worst, 1 is without issue.
        flags: (n,) bool, whether an image has the issue.
        summary: One sentence for a person.
        sets: Rows that belong together, such as copies of one photograph; empty for checks of single images.
        repair: What one click would do; None where only a person can decide.
        notes: (row -> a few words about it), such as the class that it looks like.
        issue_of_dataset: Whether the dataset as a whole has the issue, even if no image is flagged.
    """

    scores: NDArray[np.float64]
    flags: NDArray[np.bool_]
    summary: str
    sets: tuple[tuple[int, ...], ...] = ()
    repair: Repair | None = None
    notes: dict[int, str] = field(default_factory=dict)
    issue_of_dataset: bool = False

    def __post_init__(self) -> None:
        if self.scores.shape != self.flags.shape:
            raise ValueError(f"{self.scores.shape} scores, {self.flags.shape} flags")

    @property
    def has_issue(self) -> bool:
        """Whether anything was found."""
        return self.issue_of_dataset or bool(self.flags.any())

    def worst(self) -> NDArray[np.int64]:
        """Flagged rows, the worst first."""
        rows = np.flatnonzero(self.flags)
        return rows[np.argsort(self.scores[rows], kind="stable")].astype(np.int64)


def expand_result(result: Result, rows: NDArray[np.int64], n: int) -> Result:
    """Expand the result of a check of some images to all images; the others have no issue.

    Args:
        result: Of the images that were checked.
        rows: (k,) their rows, ascending.
        n: Number of all images.
    """
    scores, flags = np.ones(n), np.zeros(n, np.bool_)
    scores[rows], flags[rows] = result.scores, result.flags
    return replace(
        result,
        scores=scores,
        flags=flags,
        sets=tuple(tuple(rows[list(one)].tolist()) for one in result.sets),
        repair=result.repair and replace(result.repair, rows=rows[result.repair.rows]),
        notes={int(rows[row]): text for row, text in result.notes.items()},
    )


def count_images(number: int) -> str:
    """Say a number of images."""
    return "1 image" if number == 1 else f"{number} images"


def list_some(names: Sequence[str], most: int = 10) -> str:
    """List names for a sentence; of many, the first and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def set_aside(rows: NDArray[np.int64]) -> Repair:
    """Offer to set some images aside."""
    return Repair("exclude", f"Set {'it' if len(rows) == 1 else 'them'} aside", rows)


def no_issue(n: int, summary: str) -> Result:
    """Give a result without a finding."""
    return Result(np.ones(n), np.zeros(n, np.bool_), summary)
