"""Weights files of a person or of a previous run, stored in the workspace once each, by the digest of their bytes."""

import hashlib
import re
import shutil
from pathlib import Path

from core.storage.atomic import write_atomic
from core.storage.disk import describe_disk_errors
from core.training.recipe import MODEL_FILE
from pages.compat import UploadedFile
from pages.shared import uploads
from pages.shared.workspace import settings

SUFFIXES = ["h5", "keras"]


def store_upload(upload_name: str, file: UploadedFile) -> Path:
    """Move an uploaded weights file into the workspace and return its path.

    Args:
        upload_name: The name of its upload widget.
        file: The file.

    Raises:
        WorkspaceError: The disk is full or cannot be written.
    """
    folder = uploads.move_to_disk(upload_name, [file])
    try:
        (source,) = (path for path in folder.rglob("*") if path.is_file())
        return _store(source, source.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def store_run(run_id: str, name: str) -> Path:
    """Copy the model of a finished run, so that it outlives the run, and return the path of the copy.

    Args:
        run_id: The run.
        name: Name for the file.

    Raises:
        WorkspaceError: The run was deleted, the disk is full or cannot be written.
    """
    letters = re.sub(r"[^\w\-., ]", "_", name).strip(". ") or "network"
    return _store(settings().runs / run_id / MODEL_FILE, f"{letters}.keras")


def _store(source: Path, name: str) -> Path:
    with describe_disk_errors("The weights file", "Free some space, then add it again."):
        with source.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        target = settings().workspace / "weights" / digest[:16] / name
        return write_atomic(target, lambda part: shutil.copyfile(source, part), shared=True)
