"""What the list of projects shows of each: some images, the best run, and what is at work."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.catalog.database import Database
from core.catalog.runs import RunSummary
from core.catalog.schema import ItemRow, JobRow, LabelRow, RunRow

THUMBNAILS: Final = 6


@dataclass(frozen=True)
class Overview:
    """One project at a glance.

    Attributes:
        digests: Images that take part, of different classes where there are several; at most `THUMBNAILS`.
        best: The run with the highest validation accuracy; None before one was evaluated.
        at_work: Kinds of the jobs that wait or run.
    """

    digests: tuple[str, ...]
    best: RunSummary | None
    at_work: frozenset[str]


def project_overviews(database: Database, project_ids: Collection[str]) -> dict[str, Overview]:
    """Return an overview of each project, by id. A few rows are read of each, however many images it has."""
    runs = select(RunRow.project_id, RunRow.summary).where(RunRow.project_id.in_(project_ids))
    jobs = select(JobRow.project_id, JobRow.kind).where(
        JobRow.project_id.in_(project_ids), JobRow.status.in_(("queued", "running"))
    )
    with database.read() as session:
        summaries = [(row[0], RunSummary.model_validate(row[1])) for row in session.execute(runs) if row[1]]
        kinds = session.execute(jobs).all()
        return {
            project_id: Overview(
                _some_digests(session, project_id),
                max(
                    (summary for owner, summary in summaries if owner == project_id),
                    key=lambda summary: summary.validation_accuracy,
                    default=None,
                ),
                frozenset(kind for owner, kind in kinds if owner == project_id),
            )
            for project_id in project_ids
        }


def _some_digests(session: Session, project_id: str) -> tuple[str, ...]:
    labels = session.scalars(
        select(LabelRow.id).where(LabelRow.project_id == project_id).order_by(LabelRow.position).limit(THUMBNAILS)
    ).all()
    found: list[list[str]] = []
    for label_id in [*labels, None]:
        query = select(ItemRow.digest).where(
            ItemRow.project_id == project_id, ItemRow.label_id == label_id, ItemRow.excluded.is_(False)
        )
        found.append(list(session.scalars(query.order_by(ItemRow.position).limit(THUMBNAILS))))
    by_turns = [digests[turn] for turn in range(THUMBNAILS) for digests in found if turn < len(digests)]
    return tuple(dict.fromkeys(by_turns))[:THUMBNAILS]
