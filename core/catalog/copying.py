"""Copies images from one project to another: rows are copied, files are shared by their digest."""

from collections.abc import Collection

from sqlalchemy import func, insert, select

from core.catalog.database import Database
from core.catalog.labels import add_label_rows, find_label, label_ids_by_name
from core.catalog.projects import find_project, mark_updated
from core.catalog.schema import ItemRow, LabelRow, new_id


def copy_items(database: Database, source_id: str, target_id: str, label_ids: Collection[str]) -> tuple[int, int]:
    """Copy the images of some classes into classes of the same names; images that the target has are skipped.

    Groups, exclusions and fixed splits are copied; drawn splits are drawn again.

    Args:
        database: The catalog.
        source_id: The project to copy from.
        target_id: The project to copy to.
        label_ids: Ids of classes of the source.

    Returns:
        How many images were copied, and how many the target already had.

    Raises:
        DatasetError: The target would have more classes than a project can have.
        NotFoundError: There is no such project or class.
    """
    with database.write() as session:
        find_project(session, source_id)
        mark_updated(session, target_id)
        names = [find_label(session, source_id, label_id).name for label_id in label_ids]
        targets = label_ids_by_name(session, target_id)
        targets |= add_label_rows(session, target_id, (name for name in names if name not in targets))
        present = {
            (digest, label_id)
            for digest, label_id in session.execute(
                select(ItemRow.digest, ItemRow.label_id).where(ItemRow.project_id == target_id)
            )
        }
        last = session.scalar(select(func.max(ItemRow.position)).where(ItemRow.project_id == target_id)) or 0
        chosen = session.execute(
            select(ItemRow, LabelRow.name)
            .join(LabelRow, ItemRow.label_id == LabelRow.id)
            .where(ItemRow.project_id == source_id, LabelRow.name.in_(names))
            .order_by(ItemRow.position)
        ).all()
        rows: list[dict[str, object]] = []
        for item, name in chosen:
            pair = (item.digest, targets[name])
            if pair not in present:
                present.add(pair)
                rows.append(_copied(item, target_id, targets[name], last + len(rows) + 1))
        if rows:
            session.execute(insert(ItemRow), rows)
        return len(rows), len(chosen) - len(rows)


def _copied(item: ItemRow, project_id: str, label_id: str, position: int) -> dict[str, object]:
    return {
        "id": new_id(),
        "project_id": project_id,
        "digest": item.digest,
        "label_id": label_id,
        "split": item.split if item.split_fixed else None,
        "split_fixed": item.split_fixed,
        "excluded": item.excluded,
        "name": item.name,
        "group": item.group,
        "position": position,
    }
