"""Weights files that a person brings: kept in the workspace under the digest of their bytes, each once."""

import hashlib
import shutil
from pathlib import Path

from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import WorkspaceError
from pages.shared import uploads
from pages.shared.workspace import settings

SUFFIXES = ["h5", "keras"]


def keep_weights(upload_name: str, file: UploadedFile) -> Path:
    """Move an uploaded weights file into the workspace and give its place.

    Args:
        upload_name: The name of its upload widget.
        file: The file.

    Raises:
        WorkspaceError: The disk is full or cannot be written.
    """
    folder = uploads.move_to_disk(upload_name, [file])
    try:
        (source,) = (path for path in folder.rglob("*") if path.is_file())
        with source.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        target = settings().workspace / "weights" / digest[:16] / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        return source.replace(target)
    except OSError as error:
        raise WorkspaceError(
            f"The weights file could not be kept: {error.strerror or error}.", "Free some space, then add it again."
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
