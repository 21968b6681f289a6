"""Copies of images sorted into folders by class, on the disk or as a zip.

Images that are unlike all training images go to `none of these`, those below the threshold to `needs a look`, all
others to the folder of their class. A class that a person gave comes first. Names are made safe for every file system.
"""

import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from core.dataset.archive import ZIP_TIME, free_path, safe_name, safe_stem
from core.errors import InputError
from core.storage.atomic import write_atomic
from core.storage.disk import describe_disk_errors
from core.use.input_files import InputFile
from core.use.prediction_store import PredictionFilter, PredictionStore, StoredPrediction

NONE_OF_THESE: Final = "none of these"
NEEDS_LOOK: Final = "needs a look"
# Property of the predictions: the folder that was begun, and at which threshold.
SORTED: Final = "sorted"
CHUNK_BYTES: Final = 1024**2


def sorted_paths(store: PredictionStore, threshold: float) -> Iterator[tuple[StoredPrediction, str]]:
    """Yield each image that was read with its path in the sorted folders; no two paths differ only by case."""
    folders: dict[str, str] = {}
    used_folders, used = {NONE_OF_THESE, NEEDS_LOOK}, set[str]()
    for one in store.read(PredictionFilter(unreadable=False)):
        folder = _common_folder(one, threshold)
        if folder is None:
            label = one.final_class or ""
            if label not in folders:
                folders[label] = free_path(safe_name(label, "class"), used_folders)
            folder = folders[label]
        stem, suffix = safe_stem(one.file)
        yield one, free_path(f"{folder}/{stem}", used, suffix)


def begin_sorted_folder(store: PredictionStore, target: Path, threshold: float) -> None:
    """Store which folder is filled at which threshold, so that `check_sorted_folder` lets it be continued."""
    store.set_property(SORTED, _identity(target, threshold))


def write_sorted_folder(
    store: PredictionStore,
    files: Iterable[InputFile],
    target: Path,
    threshold: float,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Copy images into folders by class; an image that was copied before is not copied again.

    Args:
        store: The predictions.
        files: The files that they were made of.
        target: The folder; created if needed.
        threshold: Confidence below which a prediction needs a look.
        on_progress: Called with the images done and their total.

    Returns:
        How many images lie in the folders.

    Raises:
        InputError: A folder of a class is a link.
        WorkspaceError: The disk is full or not writable.
    """
    begin_sorted_folder(store, target, threshold)
    paths = {one.file: path for one, path in sorted_paths(store, threshold)}
    done = 0
    for file in files:
        if file.path is None or file.name not in paths:
            continue
        _copy(file.path, target / paths[file.name])
        if file.is_scratch:
            file.path.unlink()
        done += 1
        on_progress(done, len(paths))
    return done


def _copy(source: Path, copy: Path) -> None:
    """Copy a file, unless it was; copies appear complete, so that one of the same size is one of a run before."""
    if copy.parent.is_symlink():
        raise InputError(f"{copy.parent} is a link.", "Choose an empty folder.")
    with describe_disk_errors(str(copy)):
        if not copy.is_symlink() and copy.is_file() and copy.stat().st_size == source.stat().st_size:
            return
    write_atomic(copy, lambda part: shutil.copyfile(source, part))


def write_sorted_zip(out: IO[bytes], store: PredictionStore, threshold: float, path_of: Callable[[str], Path]) -> None:
    """Write the images as a zip, one by one, so that memory stays small.

    Args:
        out: Where to; need not be seekable.
        store: The predictions.
        threshold: Confidence below which a prediction needs a look.
        path_of: Gives the file of a digest; images whose file is gone are left out.
    """
    with zipfile.ZipFile(out, "w") as archive:
        for one, path in sorted_paths(store, threshold):
            file = path_of(one.digest)
            if not one.digest or not file.is_file():
                continue
            info = zipfile.ZipInfo(path, ZIP_TIME)
            info.file_size = file.stat().st_size
            with file.open("rb") as image, archive.open(info, "w") as packed:
                shutil.copyfileobj(image, packed, CHUNK_BYTES)


def check_sorted_folder(target: Path, paths: Iterable[Path], begun: object = None, threshold: float = 0.0) -> None:
    """Check that copies overwrite nothing and do not become input themselves.

    Args:
        target: The folder.
        paths: What is classified.
        begun: Property `SORTED` of the predictions: what was begun at the same threshold may be continued.
        threshold: Confidence below which a prediction needs a look.

    Raises:
        InputError: The folder lies in a folder that is classified, or the other way round; it is not empty; or it is a
            file.
    """
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file.", "Choose a folder.")
    folder = target.resolve()
    for path in paths:
        if folder.is_relative_to(path.resolve()):
            raise InputError(f"{target} lies in {path}, whose images are classified.", "Choose a folder elsewhere.")
        if path.resolve().is_relative_to(folder):
            raise InputError(f"{path}, which is classified, lies in {target}.", "Choose a folder elsewhere.")
    if target.is_dir() and any(target.iterdir()) and begun != _identity(target, threshold):
        raise InputError(f"{target} is not empty.", "Choose an empty folder.")


def _identity(target: Path, threshold: float) -> dict[str, object]:
    return {"folder": str(target.resolve()), "threshold": threshold}


def _common_folder(one: StoredPrediction, threshold: float) -> str | None:
    """Give the folder of an image that does not go to that of its class."""
    if one.corrected_class is None and one.none_of_these:
        return NONE_OF_THESE
    return NEEDS_LOOK if one.needs_look(threshold) else None
