"""Items: the images of a project, and the files that were rejected."""

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from core.catalog.database import Database, chunks
from core.catalog.labels import add_label_rows, label_ids_by_name
from core.catalog.projects import find_project, mark_updated
from core.catalog.schema import ImageRow, ItemRow, LabelRow, RejectedFileRow, new_id
from core.names import FILE_NAME_LENGTH, clean_name

Split = Literal["train", "validation", "test"]
UNLABELLED = "unlabelled"
# Formats, as Pillow names them, that may hold integers of more than 8 bits a channel.
DEEP_FORMATS = frozenset(("PNG", "TIFF", "JPEG2000", "PPM"))


@dataclass(frozen=True)
class NewItem:
    """A verified image to be added to a project.

    Attributes:
        digest: SHA-256 of the original file.
        name: File name as the person knows it.
        label: Name of its class, which is created if needed; None for none.
        split: Split from its folder or table; None to have it drawn.
        group: Name of the group that stays in one split; None for none.
        width: Upright width in pixels.
        height: Upright height in pixels.
        format: Pillow's name of the file format.
        size_bytes: Size of the file.
        brightness: As `core.intake` measures it.
        contrast: As `core.intake` measures it.
        sharpness: As `core.intake` measures it.
        dhash: Difference hash, 16 hexadecimal digits.
        bit_depth: As `core.intake` measures it; None if unknown.
        captured_at: When it was taken, ISO 8601 without a zone; None if unknown.
        camera: Maker and model of its camera; None if unknown.
        drawn: Whether the split was drawn and may be drawn again, rather than fixed.
        excluded: Whether it is excluded from training.
    """

    digest: str
    name: str
    label: str | None
    split: Split | None
    group: str | None
    width: int
    height: int
    format: str
    size_bytes: int
    brightness: float
    contrast: float
    sharpness: float
    dhash: str
    bit_depth: int | None = None
    captured_at: str | None = None
    camera: str | None = None
    drawn: bool = False
    excluded: bool = False


@dataclass(frozen=True)
class Item:
    """An image of a project.

    Attributes:
        id: Its id.
        digest: SHA-256 of the original file.
        name: File name as the person knows it.
        label_id: Id of its class; None for none.
        label: Name of its class; None for none.
        split: Its split; None until one is drawn.
        split_fixed: Whether the split came from a folder, a table or a person.
        excluded: Whether it is excluded from training.
        group: Name of the group that stays in one split; None for none.
        width: Upright width in pixels.
        height: Upright height in pixels.
        size_bytes: Size of the file.
        brightness: As `core.intake` measures it.
        contrast: As `core.intake` measures it.
        sharpness: As `core.intake` measures it.
        dhash: Difference hash.
        relabelled_by_model: Whether its label was changed after a network had disagreed with it.
        captured_at: When it was taken, ISO 8601 without a zone; None if unknown.
        camera: Maker and model of its camera; None if unknown.
    """

    id: str
    digest: str
    name: str
    label_id: str | None
    label: str | None
    split: Split | None
    split_fixed: bool
    excluded: bool
    group: str | None
    width: int
    height: int
    size_bytes: int
    brightness: float
    contrast: float
    sharpness: float
    dhash: str
    relabelled_by_model: bool = False
    captured_at: str | None = None
    camera: str | None = None


@dataclass(frozen=True)
class RejectedFile:
    """A file that was not accepted.

    Attributes:
        name: Its name.
        reason: Why, in a sentence.
        at: UTC seconds.
    """

    name: str
    reason: str
    at: float


@dataclass(frozen=True)
class Filter:
    """Conditions on items; None means any.

    Attributes:
        label_id: Id of a class, or `UNLABELLED`.
        split: A split.
        excluded: Whether excluded.
        fixed: Whether the split is fixed.
        text: Part of the file name.
        digests: Only these images.
    """

    label_id: str | None = None
    split: Split | None = None
    excluded: bool | None = None
    fixed: bool | None = None
    text: str = ""
    digests: Collection[str] | None = None


def add_items(database: Database, project_id: str, items: Sequence[NewItem]) -> int:
    """Add verified images, except those that are in the same class already; return how many were added.

    Raises:
        DatasetError: There would be more classes than a project can have.
        NotFoundError: There is no such project.
    """
    with database.write() as session:
        mark_updated(session, project_id)
        items = [_cleaned(item) for item in items]
        labels = label_ids_by_name(session, project_id)
        new = [item.label for item in items if item.label is not None and item.label not in labels]
        labels |= add_label_rows(session, project_id, new)
        _add_images(session, items)
        present = _pairs(session, project_id, {item.digest for item in items})
        position = session.scalar(select(func.max(ItemRow.position)).where(ItemRow.project_id == project_id)) or 0
        rows: list[dict[str, object]] = []
        for item in items:
            label_id = None if item.label is None else labels[item.label]
            pair = (item.digest, label_id)
            if pair not in present:
                present.add(pair)
                rows.append(_item_row(item, project_id, label_id, position + len(rows) + 1))
        if rows:
            session.execute(insert(ItemRow), rows)
        return len(rows)


def count_items(database: Database, project_id: str, chosen: Filter = Filter()) -> int:
    """Count the items that match a filter."""
    with database.read() as session:
        query = _filtered(select(func.count()).select_from(ItemRow), project_id, chosen)
        return session.scalar(query) or 0


def count_bit_depths(database: Database, project_id: str) -> dict[int | None, int]:
    """Count the images with a class that take part in a training by the bits that they need, as `core.intake` measures.

    None stands for images of earlier versions whose format may hold more than 8 bits a channel.
    """
    query = (
        select(ImageRow.format, ImageRow.bit_depth, func.count())
        .join(ItemRow, ItemRow.digest == ImageRow.digest)
        .where(ItemRow.project_id == project_id, ItemRow.label_id.is_not(None), ItemRow.excluded.is_(False))
        .group_by(ImageRow.format, ImageRow.bit_depth)
    )
    counts: Counter[int | None] = Counter()
    with database.read() as session:
        for name, depth, images in session.execute(query):
            counts[0 if depth is None and name not in DEEP_FORMATS else depth] += images
    return dict(counts)


def list_items(
    database: Database,
    project_id: str,
    chosen: Filter = Filter(),
    *,
    offset: int = 0,
    limit: int | None = None,
) -> list[Item]:
    """Return the items that match a filter, in the order in which they were added.

    Raises:
        NotFoundError: There is no such project.
    """
    query = _filtered(
        select(ItemRow, LabelRow.name, ImageRow)
        .join(ImageRow, ItemRow.digest == ImageRow.digest)
        .outerjoin(LabelRow, ItemRow.label_id == LabelRow.id),
        project_id,
        chosen,
    )
    query = query.order_by(ItemRow.position).offset(offset).limit(limit)
    with database.read() as session:
        find_project(session, project_id)
        return [_item(*row) for row in session.execute(query)]


def set_splits(
    database: Database, project_id: str, splits: Mapping[str, Split | None], *, unfixed: Collection[str] = ()
) -> None:
    """Store drawn splits of items.

    Args:
        database: The catalog.
        project_id: The project.
        splits: Split of each item by its id.
        unfixed: Ids of items whose split is no longer fixed.

    Raises:
        NotFoundError: There is no such project.
    """
    drawn: list[dict[str, object]] = [{"id": item_id, "split": split} for item_id, split in splits.items()]
    with database.write() as session:
        mark_updated(session, project_id)
        for rows in (drawn, [{"id": item_id, "split_fixed": False} for item_id in unfixed]):
            if rows:
                session.execute(update(ItemRow), rows)


def add_rejected_files(database: Database, project_id: str, rejected: Sequence[tuple[str, str]]) -> None:
    """Store names and reasons of files that were not accepted."""
    now = time.time()
    with database.write() as session:
        find_project(session, project_id)
        session.add_all(
            RejectedFileRow(project_id=project_id, name=clean_name(name, FILE_NAME_LENGTH), reason=why, at=now)
            for name, why in rejected
        )


def relabelled_by_models(database: Database, project_id: str) -> dict[str, str]:
    """Return the class, by digest, of each image whose label was changed after a network had disagreed with it."""
    query = (
        select(ItemRow.digest, LabelRow.name)
        .join(LabelRow, LabelRow.id == ItemRow.label_id)
        .where(ItemRow.project_id == project_id, ItemRow.relabelled_by_model)
    )
    with database.read() as session:
        return {row.digest: row.name for row in session.execute(query)}


def list_rejected_files(database: Database, project_id: str) -> list[RejectedFile]:
    """Return the files that were not accepted, the latest first."""
    with database.read() as session:
        rows = session.scalars(
            select(RejectedFileRow)
            .where(RejectedFileRow.project_id == project_id)
            .order_by(RejectedFileRow.at.desc(), RejectedFileRow.name)
        )
        return [RejectedFile(row.name, row.reason, row.at) for row in rows]


def count_rejected_files(database: Database, project_id: str) -> int:
    """Count the files that were not accepted."""
    with database.read() as session:
        query = select(func.count()).select_from(RejectedFileRow).where(RejectedFileRow.project_id == project_id)
        return session.scalar(query) or 0


def clear_rejected_files(database: Database, project_id: str) -> None:
    """Delete the list of files that were not accepted."""
    with database.write() as session:
        session.execute(delete(RejectedFileRow).where(RejectedFileRow.project_id == project_id))


def known_digests(database: Database, project_id: str) -> dict[tuple[str, str | None], str]:
    """Return the names of a project's images by digest and class name."""
    with database.read() as session:
        rows = session.execute(
            select(ItemRow.digest, LabelRow.name, ItemRow.name)
            .outerjoin(LabelRow, ItemRow.label_id == LabelRow.id)
            .where(ItemRow.project_id == project_id)
        )
        return {(digest, label): name for digest, label, name in rows}


def _filtered(query: Any, project_id: str, chosen: Filter) -> Any:  # noqa: ANN401 - a Select of any columns
    query = query.where(ItemRow.project_id == project_id)
    if chosen.label_id == UNLABELLED:
        query = query.where(ItemRow.label_id.is_(None))
    elif chosen.label_id is not None:
        query = query.where(ItemRow.label_id == chosen.label_id)
    if chosen.split is not None:
        query = query.where(ItemRow.split == chosen.split)
    if chosen.excluded is not None:
        query = query.where(ItemRow.excluded == chosen.excluded)
    if chosen.fixed is not None:
        query = query.where(ItemRow.split_fixed == chosen.fixed)
    if chosen.text:
        query = query.where(ItemRow.name.contains(chosen.text, autoescape=True))
    if chosen.digests is not None:
        query = query.where(ItemRow.digest.in_(chosen.digests))
    return query


def _add_images(session: Session, items: Sequence[NewItem]) -> None:
    new = {item.digest: item for item in items}
    present: set[str] = set()
    for chunk in chunks(list(new)):
        present.update(session.scalars(select(ImageRow.digest).where(ImageRow.digest.in_(chunk))))
    fields = [column.key for column in ImageRow.__table__.columns]
    rows = [{field: getattr(item, field) for field in fields} for digest, item in new.items() if digest not in present]
    if rows:
        session.execute(insert(ImageRow), rows)


def _pairs(session: Session, project_id: str, digests: Collection[str]) -> set[tuple[str, str | None]]:
    query = select(ItemRow.digest, ItemRow.label_id).where(ItemRow.project_id == project_id)
    pairs: set[tuple[str, str | None]] = set()
    for chunk in chunks(list(digests)):
        pairs.update((digest, label) for digest, label in session.execute(query.where(ItemRow.digest.in_(chunk))))
    return pairs


def _cleaned(item: NewItem) -> NewItem:
    return replace(
        item,
        name=clean_name(item.name, FILE_NAME_LENGTH),
        label=clean_name(item.label or "") or None,
        group=clean_name(item.group or "") or None,
    )


def _item_row(item: NewItem, project_id: str, label_id: str | None, position: int) -> dict[str, object]:
    return {
        "id": new_id(),
        "project_id": project_id,
        "digest": item.digest,
        "label_id": label_id,
        "split": item.split,
        "split_fixed": item.split is not None and not item.drawn,
        "excluded": item.excluded,
        "name": item.name,
        "group": item.group,
        "position": position,
    }


def _item(row: ItemRow, label: str | None, image: ImageRow) -> Item:
    return Item(
        id=row.id,
        digest=row.digest,
        name=row.name,
        label_id=row.label_id,
        label=label,
        split=row.split,  # type: ignore[arg-type]  # the table's check constraint
        split_fixed=row.split_fixed,
        excluded=row.excluded,
        group=row.group,
        width=image.width,
        height=image.height,
        size_bytes=image.size_bytes,
        brightness=image.brightness,
        contrast=image.contrast,
        sharpness=image.sharpness,
        dhash=image.dhash,
        relabelled_by_model=row.relabelled_by_model,
        captured_at=image.captured_at,
        camera=image.camera,
    )
