"""Projects, and the draft of the recipe in each."""

import time
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.catalog.database import Database, chunks
from core.catalog.schema import EditImageRow, ImageRow, ItemRow, JobRow, LabelRow, ProjectRow, RunRow, new_id
from core.errors import ConflictError, NotFoundError
from core.jobs.specs import IngestSpec, JobSpec, PredictFilesSpec, load_spec
from core.names import check_name, clean_name

TRASH_DAYS: Final = 30
DAY_SECONDS: Final = 24 * 60 * 60


@dataclass(frozen=True)
class Project:
    """A project with its counts.

    Attributes:
        id: Its id, as used in links.
        name: Its name.
        created_at: UTC seconds.
        updated_at: UTC seconds of the last change.
        images: Number of images, including excluded ones.
        classes: Number of classes.
        runs: Number of runs.
        deleted_at: UTC seconds when it was moved to the trash; None if it was not.
    """

    id: str
    name: str
    created_at: float
    updated_at: float
    images: int
    classes: int
    runs: int
    deleted_at: float | None = None


@dataclass(frozen=True)
class OrphanedFiles:
    """Files of a deleted project, for the caller to remove.

    Attributes:
        digests: Digests of images that no other project uses.
        runs: Ids of its runs.
        jobs: Ids of all its jobs.
        project: Its id.
        uploads: Paths of uploads that were perhaps never imported.
    """

    digests: tuple[str, ...]
    runs: tuple[str, ...]
    jobs: tuple[str, ...]
    project: str
    uploads: tuple[str, ...]


def list_projects(database: Database) -> list[Project]:
    """Return all projects outside the trash, the last changed first."""
    return _list(database, in_trash=False)


def list_trash(database: Database) -> list[Project]:
    """Return the projects in the trash, the last deleted first."""
    found = _list(database, in_trash=True)
    return sorted(found, key=lambda project: project.deleted_at or 0, reverse=True)


def _list(database: Database, *, in_trash: bool) -> list[Project]:
    chosen = ProjectRow.deleted_at.is_not(None) if in_trash else ProjectRow.deleted_at.is_(None)
    with database.read() as session:
        rows = session.scalars(select(ProjectRow).where(chosen).order_by(ProjectRow.updated_at.desc())).all()
        images = _counts(session, ItemRow)
        classes = _counts(session, LabelRow)
        runs = _counts(session, RunRow)
        return [_project(row, images, classes, runs) for row in rows]


def get_project(database: Database, project_id: str) -> Project:
    """Return one project.

    Raises:
        NotFoundError: There is none with this id.
    """
    with database.read() as session:
        row = find_project(session, project_id)
        return _project(
            row,
            _counts(session, ItemRow, project_id),
            _counts(session, LabelRow, project_id),
            _counts(session, RunRow, project_id),
        )


def create_project(database: Database, name: str) -> str:
    """Create an empty project and return its id.

    Raises:
        DatasetError: The name is empty or too long.
    """
    name = check_name(name, "project")
    now = time.time()
    with database.write() as session:
        row = ProjectRow(id=new_id(), name=name, created_at=now, updated_at=now)
        session.add(row)
        return row.id


def rename_project(database: Database, project_id: str, name: str) -> None:
    """Rename a project.

    Raises:
        DatasetError: The name is empty or too long.
        NotFoundError: There is no such project.
    """
    name = check_name(name, "project")
    with database.write() as session:
        mark_updated(session, project_id).name = name


def duplicate_project(database: Database, project_id: str) -> str:
    """Copy a project's classes, images, splits and draft, but not its runs; return the copy's id.

    Raises:
        NotFoundError: There is no such project.
    """
    now = time.time()
    with database.write() as session:
        source = find_project(session, project_id)
        copy = ProjectRow(
            id=new_id(), name=clean_name(f"{source.name} (copy)"), created_at=now, updated_at=now, draft=source.draft
        )
        session.add(copy)
        session.flush()
        label_ids: dict[str | None, str | None] = {None: None}
        for label in session.scalars(select(LabelRow).where(LabelRow.project_id == project_id)):
            label_ids[label.id] = new_id()
            session.add(LabelRow(id=label_ids[label.id], project_id=copy.id, name=label.name, position=label.position))
        session.flush()
        session.add_all(
            ItemRow(
                project_id=copy.id,
                digest=item.digest,
                label_id=label_ids[item.label_id],
                split=item.split,
                split_fixed=item.split_fixed,
                excluded=item.excluded,
                name=item.name,
                group=item.group,
                position=item.position,
            )
            for item in session.scalars(select(ItemRow).where(ItemRow.project_id == project_id))
        )
        return copy.id


def trash_project(database: Database, project_id: str) -> None:
    """Move a project to the trash, where nothing can be done with it but `restore_project` and `delete_project`.

    Its jobs are asked to stop.

    Raises:
        NotFoundError: There is no such project.
    """
    now = time.time()
    with database.write() as session:
        find_project(session, project_id).deleted_at = now
        jobs = update(JobRow).where(JobRow.project_id == project_id)
        session.execute(jobs.where(JobRow.status == "queued").values(status="stopped", ended_at=now))
        session.execute(jobs.where(JobRow.status == "running").values(stop_requested=True))


def restore_project(database: Database, project_id: str) -> None:
    """Take a project out of the trash.

    Raises:
        NotFoundError: There is no such project; it may have been deleted for good.
    """
    with database.write() as session:
        find_project(session, project_id, in_trash=True).deleted_at = None


def expired_projects(database: Database, now: float | None = None) -> list[str]:
    """Return the ids of the projects that have been in the trash for `TRASH_DAYS`.

    Args:
        database: The catalog.
        now: UTC seconds; None for the clock's.
    """
    latest = (time.time() if now is None else now) - TRASH_DAYS * DAY_SECONDS
    with database.read() as session:
        return list(session.scalars(select(ProjectRow.id).where(ProjectRow.deleted_at <= latest)))


def delete_project(database: Database, project_id: str) -> OrphanedFiles:
    """Delete a project, in the trash or not, and everything in it for good; return the files to remove.

    Raises:
        NotFoundError: There is no such project.
    """
    with database.write() as session:
        row = find_project(session, project_id, in_trash=None)
        runs = tuple(session.scalars(select(RunRow.id).where(RunRow.project_id == project_id)))
        kinds = (IngestSpec.kind_name(), PredictFilesSpec.kind_name())
        listed = select(JobRow.kind, JobRow.arguments).where(JobRow.project_id == project_id, JobRow.kind.in_(kinds))
        specs = [load_spec(kind, arguments) for kind, arguments in session.execute(listed)]
        uploads = tuple(path for spec in specs for path in _uploads(spec))
        jobs = tuple(session.scalars(select(JobRow.id).where(JobRow.project_id == project_id)))
        session.delete(row)
        session.flush()
        return OrphanedFiles(delete_unused_images(session), runs, jobs, project_id, uploads)


def _uploads(spec: JobSpec) -> tuple[str, ...]:
    """Give the uploads that a job removes once it has read them."""
    if isinstance(spec, PredictFilesSpec):
        return (spec.folder,)
    return spec.paths if isinstance(spec, IngestSpec) and spec.remove_uploads else ()


def delete_unused_images(session: Session) -> tuple[str, ...]:
    """Delete the images that no item uses and no undo could bring back; return their digests."""
    item = select(ItemRow.id).where(ItemRow.digest == ImageRow.digest)
    edit = select(EditImageRow.edit_id).where(EditImageRow.digest == ImageRow.digest)
    digests = sorted(session.scalars(select(ImageRow.digest).where(~item.exists(), ~edit.exists())))
    for chunk in chunks(digests):
        session.execute(delete(ImageRow).where(ImageRow.digest.in_(chunk)))
    return tuple(digests)


def load_draft(database: Database, project_id: str) -> tuple[str | None, int]:
    """Return the draft as JSON, None before the first choice, and its revision.

    Raises:
        NotFoundError: There is no such project.
    """
    with database.read() as session:
        row = find_project(session, project_id)
        return row.draft, row.draft_revision


def save_draft(database: Database, project_id: str, draft: str, revision: int) -> int:
    """Store a draft that was made from a revision and return the new revision.

    Raises:
        ConflictError: The draft was changed since that revision, in another tab or by another person.
        NotFoundError: There is no such project.
    """
    with database.write() as session:
        row = find_project(session, project_id)
        if row.draft_revision != revision:
            raise ConflictError(
                "The choices for this project were changed in another tab or by another person.",
                "You see theirs now; make your change again if it is still wanted.",
            )
        row.draft = draft
        row.draft_revision += 1
        row.updated_at = time.time()
        return row.draft_revision


def find_project(session: Session, project_id: str, *, in_trash: bool | None = False) -> ProjectRow:
    """Return the row of a project.

    Args:
        session: Of the catalog.
        project_id: The project.
        in_trash: Whether it is in the trash; None for either.

    Raises:
        NotFoundError: There is none with this id.
    """
    row = session.get(ProjectRow, project_id)
    if row is None or (in_trash is not None and in_trash != (row.deleted_at is not None)):
        raise NotFoundError("There is no such project; it may have been deleted.", "Choose another one.")
    return row


def mark_updated(session: Session, project_id: str) -> ProjectRow:
    """Set a project's time of change and return its row.

    Raises:
        NotFoundError: There is none with this id.
    """
    row = find_project(session, project_id)
    row.updated_at = time.time()
    return row


def _counts(
    session: Session, table: type[ItemRow | LabelRow | RunRow], project_id: str | None = None
) -> dict[str, int]:
    query = select(table.project_id, func.count()).group_by(table.project_id)
    if project_id is not None:
        query = query.where(table.project_id == project_id)
    return {row[0]: row[1] for row in session.execute(query)}


def _project(row: ProjectRow, images: dict[str, int], classes: dict[str, int], runs: dict[str, int]) -> Project:
    return Project(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        updated_at=row.updated_at,
        images=images.get(row.id, 0),
        classes=classes.get(row.id, 0),
        runs=runs.get(row.id, 0),
        deleted_at=row.deleted_at,
    )
