"""Uploaded files: where `pages.routes.uploads` stores them, and their way to a folder of a job."""

import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from core.errors import WorkspaceError
from core.intake.formats import IMAGE_UPLOADS
from core.storage.disk import check_free_space
from pages import compat
from pages.compat import UploadedFile
from pages.shared import state
from pages.shared.workspace import settings

CHUNK_BYTES = 1024 * 1024
IMAGE_TYPES = list(IMAGE_UPLOADS)


def waiting_file(tab_id: str, file_id: str) -> Path:
    """Where an uploaded file waits to be moved.

    Args:
        tab_id: The session of the tab.
        file_id: The id that the widget gave the file.
    """
    return settings().uploads / "waiting" / tab_id / file_id


def uploader_key(name: str) -> str:
    """The key of an upload widget. It changes with each `move_to_disk`, which empties the widget."""
    return f"upload-{name}-{state.get(_round(name), 0)}"


def move_to_disk(name: str, files: Sequence[UploadedFile]) -> Path:
    """Move uploaded files into a new folder and empty their widget.

    Args:
        name: The widget's name, as given to `uploader_key`.
        files: The widget's files. The name of a file in an uploaded folder has slashes; its folders are created.

    Returns:
        The folder.

    Raises:
        WorkspaceError: The disk is full or cannot be written.
    """
    folder = settings().uploads / secrets.token_hex(8)
    check_free_space(folder, sum(file.size for file in files))
    try:
        for file in files:
            target = _free(folder / _inside(file.name))
            target.parent.mkdir(parents=True, exist_ok=True)
            _move(file, target)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise WorkspaceError(
            f"The files could not be stored: {error.strerror or error}.", "Free some space, then add them again."
        ) from error
    compat.forget_uploads(files)
    state.set(_round(name), state.get(_round(name), 0) + 1)
    return folder


def _move(file: UploadedFile, target: Path) -> None:
    waiting = waiting_file(compat.tab_id() or "", file.file_id)
    if waiting.is_file():
        waiting.replace(target)
        return
    with target.open("wb") as out:  # a server without `UploadReceiver`, as in AppTest
        shutil.copyfileobj(file, out, CHUNK_BYTES)


def _inside(name: str) -> Path:
    """A relative path that cannot leave the folder to which it is joined."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    return Path(*(part.replace(":", "_") for part in parts)) if parts else Path("file")


def _free(path: Path) -> Path:
    """The path, or one with a number if it is taken."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem} {number}{path.suffix}")
    return free


def _round(name: str) -> str:
    return f"upload-round-{name}"
