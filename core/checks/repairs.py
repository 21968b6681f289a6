"""Repairs as edits of the catalog, which can be undone, and the findings that are still open after them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from core.catalog.database import Database
from core.catalog.edits import change_items, delete_items
from core.catalog.items import Item
from core.catalog.labels import list_labels
from core.checks.findings import Finding, RepairOffer, by_severity
from core.checks.result import count_images

# What the items of a set must differ in for the set to be an issue.
_DISTINCT: Final[Mapping[str, Callable[[Item], str | None]]] = {
    "conflicting-labels": lambda item: item.label,
    "leaks": lambda item: item.split,
}


def open_findings(found: Iterable[Finding], items: Mapping[str, Item]) -> list[Finding]:
    """Give the findings with an issue that repairs have not resolved, the most serious first.

    Args:
        found: Findings of a check.
        items: The images that are not set aside now, by id.
    """
    left = (finding.without(_repaired(finding, items)) for finding in found if finding.has_issue)
    return by_severity(finding for finding in left if finding is not None)


def _repaired(finding: Finding, items: Mapping[str, Item]) -> set[str]:
    """Items that are gone, were moved to the offered class, or whose set has one label or one split by now."""
    gone = {item for item in finding.items if item not in items}
    offer = finding.repair
    if offer is not None and offer.action == "relabel":
        wanted = dict(zip(offer.items, offer.labels, strict=True))
        gone |= {item for item in finding.items if item in items and items[item].label == wanted.get(item)}
    distinct = _DISTINCT.get(finding.check)
    if distinct is not None:
        start = 0
        for size in finding.sets:
            members = [item for item in finding.items[start : start + size] if item in items]
            start += size
            if len({distinct(items[item]) for item in members} - {None}) < 2:  # noqa: PLR2004 - one is no conflict
                gone.update(members)
    return gone


def repair(database: Database, project_id: str, offer: RepairOffer, chosen: Collection[str]) -> list[str]:
    """Apply a repair to the chosen items.

    Args:
        database: The catalog.
        project_id: Whose images.
        offer: What to do.
        chosen: Ids of items. Any may be set aside; of those to delete or to move, others than the offer's are ignored.

    Returns:
        Ids of the edits, with which it can be undone.

    Raises:
        NotFoundError: There is no such project.
    """
    named = chosen if offer.action == "exclude" else offer.items
    items = [item for item in named if item in chosen]
    counted = count_images(len(items))
    if not items:
        return []
    if offer.action == "exclude":
        return [change_items(database, project_id, items, f"{counted} set aside", excluded=True)]
    if offer.action == "delete":
        return [delete_items(database, project_id, items, f"{counted} deleted")]
    ids = {label.name: label.id for label in list_labels(database, project_id)}
    wanted = dict(zip(offer.items, offer.labels, strict=True))
    edits = []
    for name in sorted({wanted[item] for item in items} & ids.keys()):
        moved = [item for item in items if wanted[item] == name]
        title = f"{count_images(len(moved))} moved to {name}"
        edits.append(change_items(database, project_id, moved, title, label_id=ids[name]))
    return edits
