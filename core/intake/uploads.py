"""Uploaded files on the disk: removed once they were taken in, or when a person does not want them."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from core.settings import Settings


def remove_uploads(settings: Settings, paths: Iterable[Path]) -> None:
    """Remove uploaded files and folders; nothing outside the folder of uploads is ever removed."""
    uploads = settings.uploads.resolve()
    for path in paths:
        if uploads not in path.resolve().parents:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        parent = path.resolve().parent
        if parent != uploads and parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
