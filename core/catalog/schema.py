"""The tables of the catalog.

Ids are random, so that a link to one project reveals no other. Times are UTC seconds since the epoch, which all
databases store alike. A change here needs a migration; a test compares the two.
"""

import secrets
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ID_LENGTH = 16


def new_id() -> str:
    """Return a random id of 64 bits, in hexadecimal."""
    return secrets.token_hex(ID_LENGTH // 2)


class Base(DeclarativeBase):
    """The root of all tables."""


class ProjectRow(Base):
    """A task of one person."""

    __tablename__ = "projects"
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float)
    updated_at: Mapped[float] = mapped_column(Float)
    draft: Mapped[str | None] = mapped_column(Text, default=None)
    draft_revision: Mapped[int] = mapped_column(Integer, default=0)
    # When a person deleted it; it can come back until it is deleted for good.
    deleted_at: Mapped[float | None] = mapped_column(Float, default=None)


class LabelRow(Base):
    """A class of a project."""

    __tablename__ = "labels"
    __table_args__ = (UniqueConstraint("project_id", "name", name="uq_labels_project_name"),)
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer)


class ImageRow(Base):
    """An original file, stored once for all projects."""

    __tablename__ = "images"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    format: Mapped[str] = mapped_column(String(16))
    size_bytes: Mapped[int] = mapped_column(Integer)
    brightness: Mapped[float] = mapped_column(Float)
    contrast: Mapped[float] = mapped_column(Float)
    sharpness: Mapped[float] = mapped_column(Float)
    dhash: Mapped[str] = mapped_column(String(16))
    # Bits that its integers need; 0 for ordinary images, NULL for those of versions that did not measure it.
    bit_depth: Mapped[int | None] = mapped_column(Integer, default=None)
    # As the camera wrote them, NULL if it did not: ISO 8601 without a zone, and maker and model.
    captured_at: Mapped[str | None] = mapped_column(String(19), default=None)
    camera: Mapped[str | None] = mapped_column(Text, default=None)


class ItemRow(Base):
    """An image in a project: its label, its split, the file name that the person knows."""

    __tablename__ = "items"
    __table_args__ = (
        Index("ix_items_gallery", "project_id", "label_id", "position"),
        Index("ix_items_order", "project_id", "position"),
        Index("ix_items_digest", "digest"),
        CheckConstraint("split IN ('train', 'validation', 'test')", name="ck_items_split"),
    )
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(ForeignKey("images.digest"))
    label_id: Mapped[str | None] = mapped_column(ForeignKey("labels.id", ondelete="SET NULL"))
    split: Mapped[str | None] = mapped_column(String(10), default=None)
    split_fixed: Mapped[bool] = mapped_column(default=False)
    excluded: Mapped[bool] = mapped_column(default=False)
    # Whether its label was changed after a network had disagreed with it.
    relabelled_by_model: Mapped[bool] = mapped_column(default=False, server_default=false())
    name: Mapped[str] = mapped_column(Text)
    group: Mapped[str | None] = mapped_column("group_name", Text, default=None)
    position: Mapped[int] = mapped_column(Integer)


class RejectedFileRow(Base):
    """A file that was not accepted, and why."""

    __tablename__ = "refusals"
    __table_args__ = (Index("ix_refusals_project", "project_id"),)
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[float] = mapped_column(Float)


class EditRow(Base):
    """A change that can be undone: each item's fields as they were before, and the classes that it removed."""

    __tablename__ = "edits"
    __table_args__ = (Index("ix_edits_project", "project_id", "at"),)
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    at: Mapped[float] = mapped_column(Float)
    title: Mapped[str] = mapped_column(Text)
    before: Mapped[list[dict[str, object]]] = mapped_column(JSON)
    removed_labels: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True), default=None)
    undone: Mapped[bool] = mapped_column(default=False)


class EditImageRow(Base):
    """An image that an edit can bring back."""

    __tablename__ = "edit_images"
    __table_args__ = (Index("ix_edit_images_digest", "digest"),)
    edit_id: Mapped[str] = mapped_column(ForeignKey("edits.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)


class JobRow(Base):
    """Work for a worker: a training, an import, a check, a prediction, an export."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_status", "status"),
        Index("ix_jobs_project", "project_id", "kind"),
        CheckConstraint("status IN ('queued', 'running', 'finished', 'stopped', 'failed')", name="ck_jobs_status"),
    )
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))
    arguments: Mapped[dict[str, object]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(16), default="queued")
    created_at: Mapped[float] = mapped_column(Float)
    started_at: Mapped[float | None] = mapped_column(Float, default=None)
    ended_at: Mapped[float | None] = mapped_column(Float, default=None)
    stop_requested: Mapped[bool] = mapped_column(default=False)
    result: Mapped[dict[str, object] | None] = mapped_column(JSON, default=None)


class EventRow(Base):
    """An event of a job."""

    __tablename__ = "events"
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[float] = mapped_column(Float)
    kind: Mapped[str] = mapped_column(String(16))
    body: Mapped[str] = mapped_column(Text)


class RunRow(Base):
    """A training of a recipe. Its job has the same id."""

    __tablename__ = "runs"
    __table_args__ = (Index("ix_runs_project", "project_id"),)
    id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    recipe: Mapped[str] = mapped_column(Text)
    summary: Mapped[dict[str, object] | None] = mapped_column(JSON, default=None)
