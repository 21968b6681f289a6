"""Repairs as edits of the catalog, which can be undone."""

from collections.abc import Collection

from core.catalog.database import Database
from core.catalog.edits import change_items, delete_items
from core.catalog.labels import list_labels
from core.checks.findings import RepairOffer
from core.checks.result import count_images


def repair(database: Database, project_id: str, offer: RepairOffer, chosen: Collection[str]) -> list[str]:
    """Apply a repair to the chosen items.

    Args:
        database: The catalog.
        project_id: Whose images.
        offer: What to do.
        chosen: Ids of items; those that the offer does not name are ignored.

    Returns:
        Ids of the edits, with which it can be undone.

    Raises:
        NotFoundError: There is no such project.
    """
    items = [item for item in offer.items if item in chosen]
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
