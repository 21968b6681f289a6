"""Split groups: the sets of images that splits keep whole, with the reason for each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.checks.dataset import Dataset
from core.dataset.grouping import named_sets, sets_by_key


@dataclass(frozen=True)
class SplitGroup:
    """Images that must not be divided between splits.

    Attributes:
        name: Of the group, if a table or a person named it, else of its first image.
        kinds: Why the images belong together: `copies` (duplicates), `burst`, `scene`, `group`.
        images: Number of images, two or more.
        splits: Their splits; more than one only where the splits were fixed.
    """

    name: str
    kinds: tuple[str, ...]
    images: int
    splits: tuple[str, ...]


def split_groups_of(dataset: Dataset, splits: Sequence[str]) -> list[SplitGroup]:
    """List the split groups of two images or more, the largest first.

    Args:
        dataset: The images.
        splits: (n,) name of the split of each, empty for none.
    """
    kinds = {
        "copies": dataset.duplicates,
        "burst": dataset.bursts,
        "scene": dataset.scenes,
        "group": named_sets(dataset.groups),
    }
    reasons = [(kind, _rows(sets)) for kind, sets in kinds.items()]
    found = []
    for rows in sets_by_key(dataset.group_ids.tolist()):
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
