"""The pictures that a person tries a model on. They stay on the disk for a day and are never added to the project."""

import hashlib
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.catalog.cleanup import delete_explanations
from core.errors import ImageError
from pages.compat import UploadedFile
from pages.shared import state, uploads
from pages.shared.workspace import database, decoders, settings

KEPT_SECONDS = 24 * 3600
MOST_SETS = 6
_FOLDER = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class PredictionInput:
    """A picture that can be classified.

    Attributes:
        name: Its file name.
        path: Where the file is.
        thumbnail: A small upright JPEG of it.
        digest: SHA-256 of the file.
    """

    name: str
    path: Path
    thumbnail: bytes
    digest: str


@dataclass(frozen=True)
class InputSet:
    """The pictures of one upload.

    Attributes:
        pictures: Files that can be decoded.
        rejected: Name of each other file, and the reason in a sentence.
        folder: Name of the folder of the upload; empty for images that are not uploads.
    """

    pictures: tuple[PredictionInput, ...]
    rejected: tuple[tuple[str, str], ...] = ()
    folder: str = ""


def add_uploads(project_id: str, upload_name: str, files: Sequence[UploadedFile]) -> None:
    """Move uploaded files to the disk and put them before the earlier sets; the oldest set is dropped.

    Args:
        project_id: The project whose model is tried.
        upload_name: The name of their upload widget.
        files: At least one.

    Raises:
        WorkspaceError: The disk is full or cannot be written.
    """
    folder = _new_folder()
    uploads.move_to_disk(upload_name, files).rename(folder)
    state.set(f"tried-{project_id}", [_read(folder), *input_sets(project_id)][:MOST_SETS])


def input_sets(project_id: str) -> list[InputSet]:
    """The uploads of this tab, or those that its link names after a reload, the latest first."""
    known: list[InputSet] | None = state.get(f"tried-{project_id}", None)
    if known is None:
        folders = [_parent() / name for name in state.prediction_folders() if _FOLDER.fullmatch(name)]
        known = [_read(folder) for folder in folders if folder.is_dir()]
        state.set(f"tried-{project_id}", known)
    state.set_prediction_folders([one.folder for one in known])
    return known


def remove_all(project_id: str) -> None:
    """Remove all uploads of this tab from the disk, and their heat maps."""
    pictures = [picture.path for one in input_sets(project_id) for picture in one.pictures]
    delete_explanations(database(), settings(), paths=[settings().relative(path) for path in pictures])
    for path in pictures:
        path.unlink(missing_ok=True)
    state.set(f"tried-{project_id}", [])


def _read(folder: Path) -> InputSet:
    pictures, rejected = [], []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            found = decoders().inspect(path, path.suffix.lower())
            pictures.append(PredictionInput(path.name, path, found.thumbnail, _digest(path)))
        except ImageError as error:
            rejected.append((path.name, error.sentence))
    return InputSet(tuple(pictures), tuple(rejected), folder.name)


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _parent() -> Path:
    return settings().uploads / "tried"


def _new_folder() -> Path:
    """The path of a new folder for an upload; folders that are older than a day are removed."""
    parent = _parent()
    parent.mkdir(parents=True, exist_ok=True)
    oldest = time.time() - KEPT_SECONDS
    for old in parent.iterdir():
        if old.stat().st_mtime < oldest:
            shutil.rmtree(old, ignore_errors=True)
    return parent / secrets.token_hex(8)
