"""Weights that a person brings or trained: kept in the workspace under the digest of their bytes, each once."""

import hashlib
import re
import shutil
from pathlib import Path

from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.storage.atomic import write_atomic
from core.storage.disk import describe_disk_errors
from pages.shared import uploads
from pages.shared.run_results import MODEL_FILE
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
        return _keep(source, source.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep_trained(run_id: str, name: str) -> Path:
    """Keep the network of a finished run, which stays when the run is deleted, and give its place.

    Args:
        run_id: The run.
        name: What its file is called.

    Raises:
        WorkspaceError: The run was deleted, the disk is full or cannot be written.
    """
    letters = re.sub(r"[^\w\-., ]", "_", name).strip(". ") or "network"
    return _keep(settings().runs / run_id / MODEL_FILE, f"{letters}.keras")


def _keep(source: Path, name: str) -> Path:
    with describe_disk_errors("The weights file", "Free some space, then add it again."):
        with source.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        target = settings().workspace / "weights" / digest[:16] / name
        return write_atomic(target, lambda part: shutil.copyfile(source, part), shared=True)
