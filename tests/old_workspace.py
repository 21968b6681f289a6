"""A workspace as version 0.1 wrote it: two projects, edits, three runs, jobs of every kind.

The files of the models and bundles are left out, because they are large; the catalog is an SQL dump.
"""

import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

from core.settings import Settings

SOURCE = Path(__file__).parent / "unit" / "catalog" / "workspace_of_0_1"
TEXT_SUFFIXES = {".json", ".jsonl", ".csv"}

PROJECT, COPY = "Leaves", "Copies of leaves"
FINISHED, STOPPED_BEFORE_START, STOPPED_AFTER_AN_EPOCH = "Run 1", "Run 2", "Run 3"


def restore_workspace(workspace: Path) -> Settings:
    """Write the old workspace into a folder, with its absolute paths as if it had always been there."""
    workspace.mkdir(parents=True)
    with zipfile.ZipFile(SOURCE / "pictures.zip") as pictures:
        pictures.extractall(workspace)
    shutil.copytree(SOURCE / "runs", workspace / "runs")
    for path in (workspace / "runs").rglob("*"):
        if path.suffix in TEXT_SUFFIXES:
            path.write_text(_with_paths(path.read_text(encoding="utf-8"), workspace), encoding="utf-8")
    with closing(sqlite3.connect(workspace / "catalog.sqlite3")) as connection:
        connection.executescript(_with_paths((SOURCE / "catalog.sql").read_text(encoding="utf-8"), workspace))
    return Settings(workspace=workspace)


def _with_paths(text: str, workspace: Path) -> str:
    return text.replace("{workspace}", workspace.as_posix())
