"""Classes of a project."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.catalog.database import Database
from core.catalog.projects import find_project, mark_updated
from core.catalog.schema import ItemRow, LabelRow, new_id
from core.errors import DatasetError, NotFoundError
from core.names import check_name

MAX_CLASSES: Final = 1000  # of ImageNet; a page shows every class


@dataclass(frozen=True)
class Label:
    """A class.

    Attributes:
        id: Its id.
        name: Its name, unique in the project.
        images: Number of included images.
        excluded: Number of excluded images.
        splits: Number of included images by split; None for those without a split.
    """

    id: str
    name: str
    images: int
    excluded: int
    splits: dict[str | None, int]


def list_labels(database: Database, project_id: str) -> list[Label]:
    """Return the classes of a project in their order, with counts.

    Raises:
        NotFoundError: There is no such project.
    """
    with database.read() as session:
        find_project(session, project_id)
        rows = session.scalars(
            select(LabelRow).where(LabelRow.project_id == project_id).order_by(LabelRow.position, LabelRow.name)
        ).all()
        counts = session.execute(
            select(ItemRow.label_id, ItemRow.excluded, ItemRow.split, func.count())
            .where(ItemRow.project_id == project_id)
            .group_by(ItemRow.label_id, ItemRow.excluded, ItemRow.split)
        ).all()
    splits: dict[str | None, dict[str | None, int]] = defaultdict(dict)
    excluded: dict[str | None, int] = defaultdict(int)
    for label_id, is_excluded, split, number in counts:
        if is_excluded:
            excluded[label_id] += number
        else:
            splits[label_id][split] = number
    return [Label(row.id, row.name, sum(splits[row.id].values()), excluded[row.id], splits[row.id]) for row in rows]


def add_label(database: Database, project_id: str, name: str) -> str:
    """Create a class and return its id.

    Raises:
        DatasetError: The name is empty, too long, or already used; or there are too many classes.
        NotFoundError: There is no such project.
    """
    name = check_name(name, "class")
    with database.write() as session:
        mark_updated(session, project_id)
        _check_name_is_free(session, project_id, name)
        return add_label_rows(session, project_id, [name])[name]


def rename_label(database: Database, project_id: str, label_id: str, name: str) -> None:
    """Rename a class.

    Raises:
        DatasetError: The name is empty, too long, or already used.
        NotFoundError: There is no such class.
    """
    name = check_name(name, "class")
    with database.write() as session:
        mark_updated(session, project_id)
        row = find_label(session, project_id, label_id)
        if row.name != name:
            _check_name_is_free(session, project_id, name)
            row.name = name


def find_label(session: Session, project_id: str, label_id: str) -> LabelRow:
    """Return the row of a class.

    Raises:
        NotFoundError: There is no such class in this project.
    """
    row = session.get(LabelRow, label_id)
    if row is None or row.project_id != project_id:
        raise NotFoundError("There is no such class; it may have been deleted in another tab.", "Reload the page.")
    return row


def label_ids_by_name(session: Session, project_id: str) -> dict[str, str]:
    """Return the ids of a project's classes by their names."""
    rows = session.execute(select(LabelRow.name, LabelRow.id).where(LabelRow.project_id == project_id))
    return {row[0]: row[1] for row in rows}


def add_label_rows(session: Session, project_id: str, names: Iterable[str]) -> dict[str, str]:
    """Create classes at the end of the list and return their ids by name.

    Raises:
        DatasetError: There would be more classes than a project can have.
    """
    new = list(dict.fromkeys(names))
    query = select(func.count(), func.max(LabelRow.position)).where(LabelRow.project_id == project_id)
    number, last = session.execute(query).one()
    if number + len(new) > MAX_CLASSES:
        raise DatasetError(
            f"There would be {number + len(new):,} classes; a project has at most {MAX_CLASSES:,}.",
            "Check that the images lie in one folder for each class.",
        )
    first = 0 if last is None else last + 1
    ids = {name: new_id() for name in new}
    session.add_all(
        LabelRow(id=ids[name], project_id=project_id, name=name, position=first + number)
        for number, name in enumerate(new)
    )
    session.flush()
    return ids


def _check_name_is_free(session: Session, project_id: str, name: str) -> None:
    if session.scalar(select(LabelRow.id).where(LabelRow.project_id == project_id, LabelRow.name == name)):
        raise DatasetError(f"There is a class {name!r} already.", "Choose another name, or merge the two classes.")
