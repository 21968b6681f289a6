"""Images whose class a person corrected, as a folder that a project takes in."""

import shutil
from pathlib import Path
from typing import Final

from core.dataset.archive import safe_stem
from core.storage.blobs import OriginalStore
from core.storage.disk import describe_disk_errors
from core.storage.tables import write_csv
from core.use.prediction_store import PredictionFilter, PredictionStore

TABLE: Final = "labels.csv"
COLUMNS: Final = ("file", "label", "split")


def write_corrections(store: PredictionStore, copies: OriginalStore, folder: Path) -> int:
    """Copy corrected images and write the table of their classes; all go to the train split.

    The test split stays as it was, so that numbers before and after are measured on the same images.

    Args:
        store: The predictions.
        copies: The files.
        folder: Where to; created.

    Returns:
        How many images were copied; those whose copy is gone are left out.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    rows: list[tuple[str, ...]] = []
    with describe_disk_errors(str(folder)):
        folder.mkdir(parents=True)
        for one in store.read(PredictionFilter(corrected=True)):
            if not copies.has(one.digest):
                continue
            name = f"{len(rows):05}-{''.join(safe_stem(one.file))}"
            shutil.copyfile(copies.path(one.digest), folder / name)
            rows.append((name, one.corrected_class or "", "train"))
        with (folder / TABLE).open("w", encoding="utf-8", newline="") as file:
            write_csv(file, [COLUMNS, *rows])
    return len(rows)
