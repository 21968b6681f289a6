"""typed jobs: kinds and keys in the field's terms, paths relative to the workspace."""

from pathlib import Path, PurePath
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

KINDS = {
    "take-in": "ingest",
    "take-out": "export-dataset",
    "draw-splits": "split-dataset",
    "map": "tsne",
    "export": "export-model",
}
# By the new name of the kind; keys that are not here keep their names.
ARGUMENTS = {
    "ingest": {
        "project": "from_project",
        "classes": "from_classes",
        "pictures": "images_only",
        "remove": "remove_uploads",
        "names": "class_names",
    },
    "cross-validate": {"test_too": "include_test"},
    "explain": {"class": "class_index"},
    "tsne": {"features": "features_changed_at"},
}
RESULTS = {
    "ingest": {"taken": "accepted", "refused": "rejected", "there": "already_present", "kept": "split_groups"},
    "split-dataset": {"kept": "split_groups"},
    "export-dataset": {"zip": "path"},
    "check": {"splits": "split_comparison"},
    "predict": {"unlike_training": "out_of_distribution"},
    "explain": {"square": "image", "heat": "heatmap"},
    "tsne": {"file": "path"},
    "export-model": {"bundle": "path"},
}
# How many last parts of an old path lead from the workspace to the file, so that a workspace that was moved is right.
PARTS = {
    ("export-dataset", "path"): 2,
    ("explain", "image"): 4,
    ("explain", "heatmap"): 4,
    ("tsne", "path"): 3,
    ("export-model", "path"): 3,
}


def upgrade() -> None:
    jobs = sa.table(
        "jobs",
        sa.column("id", sa.String),
        sa.column("kind", sa.String),
        sa.column("arguments", sa.JSON),
        sa.column("result", sa.JSON(none_as_null=True)),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(jobs)).all():
        kind = KINDS.get(row.kind, row.kind)
        values = {"kind": kind, "arguments": _arguments(kind, row.arguments), "result": _result(kind, row.result)}
        connection.execute(sa.update(jobs).where(jobs.c.id == row.id).values(**values))


def _arguments(kind: str, old: dict[str, Any]) -> dict[str, Any]:
    new = _renamed(old, ARGUMENTS.get(kind, {}))
    if kind == "ingest":
        new["links"] = [{"url": url, "label": label} for url, label in new.get("links") or ()]
    if kind in ("ingest", "predict"):
        new["paths"] = [_relative(path) for path in new.get("paths") or ()]
    if kind == "explain" and new.get("path"):
        new["path"] = _relative(new["path"])
    return new


def _result(kind: str, old: dict[str, Any] | None) -> dict[str, Any] | None:
    if old is None:
        return None
    new = _renamed(old, RESULTS.get(kind, {}))
    if groups := new.get("split_groups"):
        new["split_groups"] = _renamed(groups, {"sets": "groups"})
    if guess := new.get("guess"):
        new["guess"] = {key: value for key, value in guess.items() if key != "rows"}
    for (of_kind, key), parts in PARTS.items():
        if of_kind == kind:
            new[key] = PurePath(*PurePath(new[key]).parts[-parts:]).as_posix()
    return new


def _renamed(old: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in old.items()}


def _relative(path: str) -> str:
    workspace = context.config.attributes["workspace"]
    return Path(path).relative_to(workspace).as_posix() if Path(path).is_relative_to(workspace) else path
