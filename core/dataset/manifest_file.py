"""A manifest as a file: the exact images, labels and splits of a run, stored beside its model."""

import json
from pathlib import Path

import numpy as np

from core.dataset.manifest import SPLIT_NAMES, Manifest
from core.errors import DatasetError
from core.storage.atomic import write_atomic

FILE_NAME = "manifest.json"
VERSION = 1


def save_manifest(manifest: Manifest, folder: Path) -> Path:
    """Write `manifest.json`: the classes, and each image's digest, name, label and split.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    rows = zip(manifest.digests, manifest.names, manifest.labels.tolist(), manifest.splits.tolist(), strict=True)
    data = {
        "version": VERSION,
        "classes": manifest.classes,
        "images": [
            {"digest": digest, "name": name, "label": manifest.classes[label], "split": SPLIT_NAMES[split]}
            for digest, name, label, split in rows
        ],
    }
    text = json.dumps(data, ensure_ascii=False, indent=1)
    return write_atomic(folder / FILE_NAME, lambda part: part.write_text(text, encoding="utf-8"))


def load_manifest(folder: Path) -> Manifest:
    """Read a file of `save_manifest`.

    Raises:
        DatasetError: The file is missing, damaged, or of a newer version.
    """
    try:
        data = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
        if data["version"] > VERSION:
            raise DatasetError(
                f"The list of images has version {data['version']}, newer than {VERSION}.", "Update Graft."
            )
        index = {name: number for number, name in enumerate(data["classes"])}
        images = data["images"]
        return Manifest(
            classes=tuple(data["classes"]),
            digests=tuple(image["digest"] for image in images),
            labels=np.array([index[image["label"]] for image in images], np.int64),
            splits=np.array([SPLIT_NAMES.index(image["split"]) for image in images], np.int8),
            names=tuple(image["name"] for image in images),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"The list of the run's images in {folder} cannot be read.", "Train again.") from error
