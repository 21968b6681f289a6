"""Pictures that a person tries a model on: kept on the disk for a day, and never added to the project."""

import re
import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import ImageError
from core.intake.decoder_pool import DecoderPool
from core.intake.results import Limits
from pages.shared import state, uploads
from pages.shared.workspace import settings

KEPT_SECONDS = 24 * 3600
MOST_BATCHES = 6
_FOLDER = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Picture:
    """A picture that can be classified.

    Attributes:
        name: What the person calls it.
        path: Where it lies.
        thumbnail: A small JPEG of it, upright.
    """

    name: str
    path: Path
    thumbnail: bytes


@dataclass(frozen=True)
class Batch:
    """Pictures that came together.

    Attributes:
        pictures: Those that are pictures.
        refused: Name of each other file, and why, in a sentence.
        folder: Name of the folder that they lie in; empty where they lie elsewhere.
    """

    pictures: tuple[Picture, ...]
    refused: tuple[tuple[str, str], ...] = ()
    folder: str = ""


def take(upload_name: str, files: Sequence[UploadedFile]) -> Batch:
    """Move uploaded pictures to the disk, and look whether they are pictures.

    Args:
        upload_name: The name of their upload widget.
        files: At least one.

    Raises:
        WorkspaceError: The disk is full or cannot be written.
    """
    folder = _folder()
    uploads.move_to_disk(upload_name, files).rename(folder)
    return _look(folder)


def _look(folder: Path) -> Batch:
    pictures, refused = [], []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            found = _decoders().inspect(path, path.suffix.lower())
            pictures.append(Picture(path.name, path, found.thumbnail))
        except ImageError as error:
            refused.append((path.name, error.sentence))
    return Batch(tuple(pictures), tuple(refused), folder.name)


def batches(project_id: str) -> list[Batch]:
    """The pictures that were tried in this tab, or that its link names after a reload, the latest first."""
    known: list[Batch] | None = state.get(f"tried-{project_id}", None)
    if known is None:
        folders = [_parent() / name for name in state.prediction_folders() if _FOLDER.fullmatch(name)]
        known = [_look(folder) for folder in folders if folder.is_dir()]
        state.set(f"tried-{project_id}", known)
    state.set_prediction_folders([batch.folder for batch in known])
    return known


def remember(project_id: str, batch: Batch) -> None:
    """Put a batch in front of those that were tried before; the oldest is forgotten."""
    state.set(f"tried-{project_id}", [batch, *batches(project_id)][:MOST_BATCHES])


def forget(project_id: str) -> None:
    """Remove all pictures that were tried in this tab."""
    for batch in batches(project_id):
        for picture in batch.pictures:
            picture.path.unlink(missing_ok=True)
    state.set(f"tried-{project_id}", [])


@st.cache_resource(max_entries=1, show_spinner=False, on_release=DecoderPool.close)
def _decoders() -> DecoderPool:
    """One process that decodes: a picture that crashes a decoder takes no page with it."""
    return DecoderPool(Limits(decoders=1))


def _parent() -> Path:
    return settings().uploads / "tried"


def _folder() -> Path:
    """A new folder for a batch; what is older than a day beside it is removed."""
    parent = _parent()
    parent.mkdir(parents=True, exist_ok=True)
    oldest = time.time() - KEPT_SECONDS
    for old in parent.iterdir():
        if old.stat().st_mtime < oldest:
            shutil.rmtree(old, ignore_errors=True)
    return parent / secrets.token_hex(8)
