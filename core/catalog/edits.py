"""Changes of images by hand or by a repair: move, set aside, split, delete - each one can be undone."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from core.catalog.database import Database, chunks
from core.catalog.items import Split
from core.catalog.labels import find_label
from core.catalog.projects import mark_updated
from core.catalog.schema import EditRow, ImageRow, ItemRow, LabelRow, new_id
from core.errors import ConflictError, NotFoundError

KEPT_EDITS = 50
_FIELDS = tuple(column.key for column in ItemRow.__mapper__.column_attrs)


class Unset:
    """The type of `UNSET`."""


UNSET: Final = Unset()


@dataclass(frozen=True)
class Edit:
    """A change that can be undone.

    Attributes:
        id: Its id.
        title: What was done, e.g. `12 images moved to bees`.
        at: UTC seconds.
        images: How many images it changed.
    """

    id: str
    title: str
    at: float
    images: int


def change_items(
    database: Database,
    project_id: str,
    item_ids: Sequence[str],
    title: str,
    *,
    label_id: str | Unset | None = UNSET,
    split: Split | Unset | None = UNSET,
    excluded: bool | Unset = UNSET,
) -> str:
    """Change images, and give the id of the edit that undoes it. Ids that are no longer there are passed over.

    Args:
        database: The catalog.
        project_id: Their project.
        item_ids: Which images.
        title: What is done, for the undo button.
        label_id: Id of their new class, None for no class.
        split: Their new split, which stays when splits are drawn again; None to be drawn.
        excluded: Whether they are set aside.

    Raises:
        NotFoundError: There is no such project or class.
    """
    values: dict[str, object] = {}
    if not isinstance(split, Unset):
        values |= {"split": split, "split_fixed": split is not None}
    if not isinstance(excluded, Unset):
        values["excluded"] = excluded
    with database.write() as session:
        mark_updated(session, project_id)
        if not isinstance(label_id, Unset):
            if label_id is not None:
                find_label(session, project_id, label_id)
            values["label_id"] = label_id
        before = _snapshot(session, project_id, item_ids)
        for chunk in chunks([str(item["id"]) for item in before]):
            session.execute(update(ItemRow).where(ItemRow.id.in_(chunk)).values(**values))
        return _keep_edit(session, project_id, title, before)


def delete_items(database: Database, project_id: str, item_ids: Sequence[str], title: str) -> str:
    """Delete images from a project, and give the id of the edit that undoes it.

    Raises:
        NotFoundError: There is no such project.
    """
    with database.write() as session:
        mark_updated(session, project_id)
        before = _snapshot(session, project_id, item_ids)
        for chunk in chunks([str(item["id"]) for item in before]):
            session.execute(delete(ItemRow).where(ItemRow.id.in_(chunk)))
        return _keep_edit(session, project_id, title, before)


def last_edit(database: Database, project_id: str) -> Edit | None:
    """Give the latest change that was not undone."""
    # Counted by the database: what a change of 10,000 images replaced is not read to draw a button.
    images = func.json_array_length(EditRow.before)
    query = (
        select(EditRow.id, EditRow.title, EditRow.at, images)
        .where(EditRow.project_id == project_id, EditRow.undone.is_(False))
        .order_by(EditRow.at.desc())
        .limit(1)
    )
    with database.read() as session:
        row = session.execute(query).first()
        return None if row is None else Edit(*row)


def undo_edit(database: Database, project_id: str, edit_id: str) -> None:
    """Put the images of a change back as they were before it.

    Raises:
        ConflictError: It was undone already.
        NotFoundError: There is no such change.
    """
    with database.write() as session:
        mark_updated(session, project_id)
        edit = session.get(EditRow, edit_id)
        if edit is None or edit.project_id != project_id:
            raise NotFoundError("There is no such change to undo.", "Reload the page.")
        if edit.undone:
            raise ConflictError("This change was undone already.", "Reload the page.")
        _restore(session, project_id, edit.before)
        edit.undone = True


def _snapshot(session: Session, project_id: str, item_ids: Sequence[str]) -> list[dict[str, Any]]:
    before = []
    for chunk in chunks(item_ids):
        rows = session.scalars(select(ItemRow).where(ItemRow.project_id == project_id, ItemRow.id.in_(chunk)))
        before += [{field: getattr(row, field) for field in _FIELDS} for row in rows]
    return before


def _restore(session: Session, project_id: str, before: Sequence[dict[str, Any]]) -> None:
    labels = set(session.scalars(select(LabelRow.id).where(LabelRow.project_id == project_id)))
    images = set(session.scalars(select(ImageRow.digest)))
    for chunk in chunks([item["id"] for item in before]):
        session.execute(delete(ItemRow).where(ItemRow.id.in_(chunk)))
    rows = [
        item | {"label_id": item["label_id"] if item["label_id"] in labels else None}
        for item in before
        if item["digest"] in images
    ]
    if rows:
        session.execute(insert(ItemRow), rows)


def _keep_edit(session: Session, project_id: str, title: str, before: list[dict[str, Any]]) -> str:
    edit = EditRow(id=new_id(), project_id=project_id, at=time.time(), title=title, before=before)
    session.add(edit)
    session.flush()
    old = select(EditRow.id).where(EditRow.project_id == project_id).order_by(EditRow.at.desc()).offset(KEPT_EDITS)
    session.execute(delete(EditRow).where(EditRow.id.in_(session.scalars(old).all())))
    return edit.id
