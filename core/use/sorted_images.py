"""Copies of images sorted into folders by class, on the disk or as a zip.

Images that are unlike all training images go to `none of these`, those below the threshold to `needs a look`, all
others to the folder of their class. A class that a person gave comes first. Names are made safe for every file system.
"""

import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final

from core.dataset.archive import ZIP_TIME, free_path, safe_name
from core.errors import InputError
from core.intake.formats import is_image_name, suffix_of
from core.storage.disk import describe_disk_errors
from core.use.input_files import InputFile
from core.use.prediction_store import PredictionFilter, PredictionStore, StoredPrediction

NONE_OF_THESE: Final = "none of these"
NEEDS_LOOK: Final = "needs a look"
CHUNK_BYTES: Final = 1024**2


def sorted_paths(store: PredictionStore, threshold: float) -> Iterator[tuple[StoredPrediction, str]]:
    """Yield each image that was read with its path in the sorted folders; no two paths differ only by case."""
    used: set[str] = set()
    for one in store.read(PredictionFilter(unreadable=False)):
        name = PurePosixPath(one.file).name
        suffix = suffix_of(name) if is_image_name(name) else ""
        stem = safe_name(name[: len(name) - len(suffix)], "image")
        yield one, free_path(f"{safe_name(_folder(one, threshold), 'class')}/{stem}", used, suffix)


def write_sorted_folder(
    store: PredictionStore,
    files: Iterable[InputFile],
    target: Path,
    threshold: float,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Copy images into folders by class; what is there already with the same size is not copied again.

    Args:
        store: The predictions.
        files: The files that they were made of.
        target: The folder; created if needed.
        threshold: Confidence below which a prediction needs a look.
        on_progress: Called with the images done and their total.

    Returns:
        How many images lie in the folders.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    paths = {one.file: path for one, path in sorted_paths(store, threshold)}
    done = 0
    for file in files:
        if file.path is None or file.name not in paths:
            continue
        copy = target / paths[file.name]
        with describe_disk_errors(str(copy)):
            copy.parent.mkdir(parents=True, exist_ok=True)
            if not copy.exists() or copy.stat().st_size != file.path.stat().st_size:
                shutil.copyfile(file.path, copy)
            if file.is_scratch:
                file.path.unlink()
        done += 1
        on_progress(done, len(paths))
    return done


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


def check_sorted_folder(target: Path, paths: Iterable[Path]) -> None:
    """Check that the sorted copies do not become input themselves.

    Raises:
        InputError: The folder is, or lies in, a folder that is classified.
    """
    for path in paths:
        if path.is_dir() and target.resolve().is_relative_to(path.resolve()):
            raise InputError(f"{target} lies in {path}, whose images are classified.", "Choose a folder elsewhere.")


def _folder(one: StoredPrediction, threshold: float) -> str:
    if one.corrected_class is None and one.none_of_these:
        return NONE_OF_THESE
    return NEEDS_LOOK if one.needs_look(threshold) else one.final_class or ""
