"""Changes that can be undone: of images (class, split, exclusion, deletion), and of classes (merging, deletion)."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from core.catalog.database import Database, chunks
from core.catalog.items import Split
from core.catalog.labels import add_label_rows, find_label, label_ids_by_name
from core.catalog.projects import delete_unused_images, mark_updated
from core.catalog.schema import EditImageRow, EditRow, ImageRow, ItemRow, LabelRow, new_id
from core.errors import ConflictError, DatasetError, NotFoundError

MAX_EDITS = 50
_FIELDS = tuple(column.key for column in ItemRow.__mapper__.column_attrs)


class Unset:
    """The type of `UNSET`."""


UNSET: Final = Unset()


@dataclass(frozen=True)
class Edit:
    """A change that can be undone.

    Attributes:
        id: Its id.
        title: What was done, such as `12 images moved to bees`.
        at: UTC seconds.
        images: Number of images it changed.
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
    disputed_ids: Collection[str] = (),
) -> str:
    """Change images and return the id of the edit, for undo. Unknown ids are ignored.

    Args:
        database: The catalog.
        project_id: The project.
        item_ids: Ids of the items.
        title: What is done, as the undo button says it.
        label_id: Id of the new class; None for no class.
        split: The new split, which is fixed; None to have it drawn.
        excluded: Whether the images are excluded from training.
        disputed_ids: Items whose label a network disagreed with, which is why they get another class. They are marked:
            such changes raise the accuracy of that network.

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
            values |= {"label_id": label_id, "relabelled_by_model": False}
        before = _snapshot(session, project_id, item_ids)
        for chunk in chunks([str(item["id"]) for item in before]):
            session.execute(update(ItemRow).where(ItemRow.id.in_(chunk)).values(**values))
        if not isinstance(label_id, Unset):
            moved = [str(item["id"]) for item in before if item["id"] in disputed_ids and item["label_id"] != label_id]
            for chunk in chunks(moved):
                session.execute(update(ItemRow).where(ItemRow.id.in_(chunk)).values(relabelled_by_model=True))
        return _save_edit(session, project_id, title, before)


@dataclass(frozen=True)
class Correction:
    """What becomes of an image; `UNSET` leaves a field as it is.

    Attributes:
        label: Name of its class; one that is not there is made.
        split: Its split, which is fixed.
        group: Name of its group.
    """

    label: str | Unset = UNSET
    split: Split | Unset = UNSET
    group: str | Unset = UNSET


def correct_items(database: Database, project_id: str, corrections: Mapping[str, Correction], title: str) -> str:
    """Change each image in its own way and return the id of the edit, for undo. Unknown ids are ignored.

    Args:
        database: The catalog.
        project_id: The project.
        corrections: What becomes of each item, by its id.
        title: What is done, as the undo button says it.

    Raises:
        NotFoundError: There is no such project.
    """
    with database.write() as session:
        mark_updated(session, project_id)
        ids = label_ids_by_name(session, project_id)
        names = {one.label for one in corrections.values() if not isinstance(one.label, Unset)}
        ids |= add_label_rows(session, project_id, sorted(names - ids.keys()))
        before = _snapshot(session, project_id, list(corrections))
        alike: dict[Correction, list[str]] = {}
        for item in before:
            alike.setdefault(corrections[str(item["id"])], []).append(str(item["id"]))
        for correction, items in alike.items():
            values: dict[str, object] = {}
            if not isinstance(correction.label, Unset):
                values |= {"label_id": ids[correction.label], "relabelled_by_model": False}
            if not isinstance(correction.split, Unset):
                values |= {"split": correction.split, "split_fixed": True}
            if not isinstance(correction.group, Unset):
                values["group"] = correction.group
            for chunk in chunks(items):
                session.execute(update(ItemRow).where(ItemRow.id.in_(chunk)).values(**values))
        return _save_edit(session, project_id, title, before)


def group_items(database: Database, project_id: str, groups: Mapping[str, str], title: str) -> str:
    """Put images into groups, which stay in one split, and return the id of the edit, for undo.

    Args:
        database: The catalog.
        project_id: The project.
        groups: Name of the group for ids of items. Unknown ids are ignored.
        title: What is done, as the undo button says it.

    Raises:
        NotFoundError: There is no such project.
    """
    members: dict[str, list[str]] = {}
    for item, group in groups.items():
        members.setdefault(group, []).append(item)
    with database.write() as session:
        mark_updated(session, project_id)
        before = _snapshot(session, project_id, list(groups))
        found = {str(item["id"]) for item in before}
        for group, items in members.items():
            for chunk in chunks([item for item in items if item in found]):
                session.execute(update(ItemRow).where(ItemRow.id.in_(chunk)).values(group=group))
        return _save_edit(session, project_id, title, before)


def delete_items(database: Database, project_id: str, item_ids: Sequence[str], title: str) -> str:
    """Delete images from a project and return the id of the edit, for undo.

    Raises:
        NotFoundError: There is no such project.
    """
    with database.write() as session:
        mark_updated(session, project_id)
        before = _snapshot(session, project_id, item_ids)
        for chunk in chunks([str(item["id"]) for item in before]):
            session.execute(delete(ItemRow).where(ItemRow.id.in_(chunk)))
        return _save_edit(session, project_id, title, before)


def merge_labels(database: Database, project_id: str, label_id: str, into_id: str) -> str:
    """Move all images of a class to another one, delete the class, and return the id of the edit, for undo.

    Raises:
        DatasetError: Both are the same class.
        NotFoundError: There is no such class.
    """
    if label_id == into_id:
        raise DatasetError("A class cannot be merged with itself.", "Choose another class.")
    with database.write() as session:
        mark_updated(session, project_id)
        row, into = find_label(session, project_id, label_id), find_label(session, project_id, into_id)
        return _remove_label(session, row, f"“{row.name}” merged into “{into.name}”", into_id)


def delete_label(database: Database, project_id: str, label_id: str) -> str:
    """Delete a class, whose images stay in the project without one, and return the id of the edit, for undo.

    Raises:
        NotFoundError: There is no such class.
    """
    with database.write() as session:
        mark_updated(session, project_id)
        row = find_label(session, project_id, label_id)
        return _remove_label(session, row, f"class “{row.name}” deleted", None)


def _remove_label(session: Session, row: LabelRow, title: str, into_id: str | None) -> str:
    ids = session.scalars(select(ItemRow.id).where(ItemRow.label_id == row.id)).all()
    before = _snapshot(session, row.project_id, ids)
    session.execute(update(ItemRow).where(ItemRow.label_id == row.id).values(label_id=into_id))
    removed = {"id": row.id, "name": row.name, "position": row.position}
    session.delete(row)
    return _save_edit(session, row.project_id, title, before, [removed])


def last_edit(database: Database, project_id: str) -> Edit | None:
    """Return the latest change that was not undone."""
    # The database counts, so that drawing a button does not read the old values of 10,000 images.
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
    """Restore the images and classes of a change as they were before.

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
        label_ids = _restore_labels(session, project_id, edit.removed_labels or [])
        _restore(session, project_id, edit.before, label_ids)
        edit.undone = True


def count_deleted_images(database: Database, project_id: str) -> int:
    """Count the images of a project that are deleted and could come back by undo."""
    # SQLite reads this list once. It would answer a correlated EXISTS by the index of projects, image after image.
    in_project = select(ItemRow.digest).where(ItemRow.project_id == project_id)
    query = (
        select(func.count(EditImageRow.digest.distinct()))
        .join(EditRow, EditRow.id == EditImageRow.edit_id)
        .where(EditRow.project_id == project_id, EditImageRow.digest.not_in(in_project))
    )
    with database.read() as session:
        return session.scalar(query) or 0


def forget_edits(database: Database, project_id: str) -> tuple[str, ...]:
    """Delete the history of a project's changes, so that deleted images cannot come back.

    Returns:
        Digests of the images that nothing uses any more, for `core.catalog.cleanup.delete_image_files`.

    Raises:
        NotFoundError: There is no such project.
    """
    with database.write() as session:
        mark_updated(session, project_id)
        session.execute(delete(EditRow).where(EditRow.project_id == project_id))
        return delete_unused_images(session)


def _snapshot(session: Session, project_id: str, item_ids: Sequence[str]) -> list[dict[str, Any]]:
    before = []
    for chunk in chunks(item_ids):
        rows = session.scalars(select(ItemRow).where(ItemRow.project_id == project_id, ItemRow.id.in_(chunk)))
        before += [{field: getattr(row, field) for field in _FIELDS} for row in rows]
    return before


def _restore_labels(session: Session, project_id: str, removed: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Add removed classes again; return the id of each by its old one, which differs where the name is used again."""
    used = label_ids_by_name(session, project_id)
    session.add_all(LabelRow(project_id=project_id, **label) for label in removed if label["name"] not in used)
    session.flush()
    return {label["id"]: used.get(label["name"], label["id"]) for label in removed}


def _restore(session: Session, project_id: str, before: Sequence[dict[str, Any]], label_ids: Mapping[str, str]) -> None:
    before = [item | {"label_id": label_ids.get(item["label_id"], item["label_id"])} for item in before]
    labels = set(session.scalars(select(LabelRow.id).where(LabelRow.project_id == project_id)))
    images: set[str] = set()
    for chunk in chunks(sorted({item["digest"] for item in before})):
        images.update(session.scalars(select(ImageRow.digest).where(ImageRow.digest.in_(chunk))))
    for chunk in chunks([item["id"] for item in before]):
        session.execute(delete(ItemRow).where(ItemRow.id.in_(chunk)))
    rows = [
        item | {"label_id": item["label_id"] if item["label_id"] in labels else None}
        for item in before
        if item["digest"] in images
    ]
    if rows:
        session.execute(insert(ItemRow), rows)


def _save_edit(
    session: Session,
    project_id: str,
    title: str,
    before: list[dict[str, Any]],
    removed_labels: list[dict[str, Any]] | None = None,
) -> str:
    edit = EditRow(
        id=new_id(), project_id=project_id, at=time.time(), title=title, before=before, removed_labels=removed_labels
    )
    session.add(edit)
    session.flush()
    digests = sorted({item["digest"] for item in before})
    if digests:
        session.execute(insert(EditImageRow), [{"edit_id": edit.id, "digest": digest} for digest in digests])
    old = select(EditRow.id).where(EditRow.project_id == project_id).order_by(EditRow.at.desc()).offset(MAX_EDITS)
    session.execute(delete(EditRow).where(EditRow.id.in_(session.scalars(old).all())))
    return edit.id
