"""What splits keep whole, in words: copies of one picture, frames of one burst, and the groups of a person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.checks.dataset import Dataset
from core.dataset.grouping import named_sets, sets_of


@dataclass(frozen=True)
class SplitGroup:
    """Images that must not be divided between splits.

    Attributes:
        name: Of the group that a table or a person named, or of its first image.
        kinds: Why they belong together: `copies`, `burst`, `group`.
        images: How many they are, two or more.
        splits: Where they are; more than one split only where they were fixed so.
    """

    name: str
    kinds: tuple[str, ...]
    images: int
    splits: tuple[str, ...]


def split_groups_of(dataset: Dataset, splits: Sequence[str]) -> list[SplitGroup]:
    """Give the sets of images that stay together, the largest first.

    Args:
        dataset: The images.
        splits: (n,) name of the split of each, empty for none.
    """
    kinds = {"copies": dataset.copies, "burst": dataset.bursts, "group": named_sets(dataset.groups)}
    reasons = [(kind, _rows(sets)) for kind, sets in kinds.items()]
    found = []
    for rows in sets_of(dataset.together.tolist()):
        named = next((dataset.groups[row] for row in rows if dataset.groups[row]), "")
        found.append(
            SplitGroup(
                name=named or dataset.names[rows[0]],
                kinds=tuple(kind for kind, members in reasons if not members.isdisjoint(rows)),
                images=len(rows),
                splits=tuple(sorted({splits[row] for row in rows} - {""})),
            )
        )
    return sorted(found, key=lambda one: -one.images)


def _rows(sets: Iterable[Sequence[int]]) -> set[int]:
    return {row for rows in sets for row in rows}
