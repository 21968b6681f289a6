"""Exports a project's images as a zip that works anywhere and can be imported again without loss.

The zip has a folder for each class and a table (`labels.csv`) of what folders cannot hold: the exact class names,
splits and whether they are fixed, groups, and which images are excluded. Names of folders and files are made safe for
every file system; the table has the original ones.
"""

import io
import re
import shutil
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from core.catalog.cleanup import TABLE_NAME
from core.catalog.items import Item
from core.errors import RunStopped
from core.intake.formats import is_image_name, suffix_of
from core.names import free_number
from core.storage.atomic import write_atomic
from core.storage.blobs import OriginalStore
from core.storage.tables import write_csv

COLUMNS: Final = ("file", "label", "split", "split_fixed", "group", "excluded", "original_name", "sha256")
NO_CLASS: Final = "no class"
NAME_LENGTH: Final = 80
# Most file systems allow 255; the rest is for numbers, suffixes and the names of unfinished files.
NAME_BYTES: Final = 200
UNSAFE: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029]')
# Windows drops spaces and dots at the end, the table reader strips spaces, and a leading dot hides a file.
EDGES: Final = re.compile(r"^[\s.]+|[\s.]+$")
# Names that Windows reserves for devices, and folders that an intake skips.
RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|__macosx|\$recycle\.bin|system volume information)", re.I)
# A fixed time makes two zips of the same images equal byte by byte.
ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class WrittenArchive:
    """Summary of a written zip.

    Attributes:
        path: The zip.
        images: Number of images in it.
        missing: Names of images whose files no longer exist.
    """

    path: Path
    images: int
    missing: tuple[str, ...]


def write_archive(
    name: str,
    items: Sequence[Item],
    store: OriginalStore,
    target: Path,
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005 - the default ignores it
    should_stop: Callable[[], bool] = lambda: False,
) -> WrittenArchive:
    """Write images as a zip, file by file, so that memory stays small.

    Args:
        name: Name of the folder in the zip.
        items: The images, including excluded ones.
        store: Where their files are.
        target: Path of the zip; it appears complete or not at all.
        on_progress: Called with the number of images done and in total.
        should_stop: Called before each image.

    Raises:
        RunStopped: `should_stop` returned true.
        WorkspaceError: The disk is full or not writable.
    """
    root = safe_name(name, "images")
    paths = _paths(items)
    rows: list[tuple[str, ...]] = []
    missing: list[str] = []

    def fill(part: Path) -> None:
        with zipfile.ZipFile(part, "w") as archive:
            for number, (item, path) in enumerate(zip(items, paths, strict=True), 1):
                if should_stop():
                    raise RunStopped("Packing the images was stopped; nothing was changed.")
                if _copy(archive, f"{root}/{path}", store.path(item.digest)):
                    rows.append(_row(item, path))
                else:
                    missing.append(item.name)
                on_progress(number, len(items))
            archive.writestr(_info(f"{root}/{TABLE_NAME}"), _table(rows), zipfile.ZIP_DEFLATED)

    write_atomic(target, fill)
    return WrittenArchive(target, len(rows), tuple(missing))


def _copy(archive: zipfile.ZipFile, name: str, source: Path) -> bool:
    """Copy a file into the zip uncompressed, as images do not get smaller; return whether it exists."""
    try:
        file = source.open("rb")
    except FileNotFoundError:
        return False
    with file:
        info = _info(name)
        info.file_size = source.stat().st_size
        with archive.open(info, "w") as out:
            shutil.copyfileobj(file, out, 1024**2)
    return True


def _info(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, ZIP_TIME)


def _row(item: Item, path: str) -> tuple[str, ...]:
    return (
        path,
        item.label or "",
        item.split or "",
        "yes" if item.split_fixed else "no",
        item.group or "",
        "yes" if item.excluded else "no",
        item.name,
        item.digest,
    )


def _table(rows: Sequence[tuple[str, ...]]) -> bytes:
    """Return the rows as CSV in UTF-8 with a byte order mark, without which Excel takes it for another encoding."""
    text = io.StringIO(newline="")
    write_csv(text, [COLUMNS, *rows])
    return text.getvalue().encode("utf-8-sig")


def _paths(items: Sequence[Item]) -> list[str]:
    """Return a path for each image, its class first; no two paths differ only by case."""
    folders: dict[str | None, str] = {}
    used: set[str] = {TABLE_NAME}
    paths = []
    for item in items:
        if item.label_id not in folders:
            folders[item.label_id] = free_path(safe_name(item.label or NO_CLASS, "class"), used)
        name = PurePosixPath(item.name).name
        suffix = PurePosixPath(name).suffix
        if not is_image_name(name):
            name, suffix = name + ".img", ".img"
        stem = safe_name(name.removesuffix(suffix), "image")
        paths.append(free_path(f"{folders[item.label_id]}/{stem}", used, suffix))
    return paths


def free_path(path: str, used: set[str], suffix: str = "") -> str:
    """Return the path, with a number if it is already used."""
    free = path + suffix
    if free.casefold() in used:
        number = free_number(lambda number: f"{path} {number}{suffix}".casefold() in used)
        free = f"{path} {number}{suffix}"
    used.add(free.casefold())
    return free


def safe_name(name: str, default: str) -> str:
    """Return a name that every file system accepts and that no intake takes for a hidden file."""
    short = UNSAFE.sub("_", unicodedata.normalize("NFC", name))[:NAME_LENGTH]
    safe = EDGES.sub("", short.encode("utf-8", "replace")[:NAME_BYTES].decode("utf-8", "ignore"))
    return f"_{safe}" if RESERVED.fullmatch(safe) else safe or default


def safe_stem(path: str) -> tuple[str, str]:
    """Return the name of an image file as a safe stem and its suffix, which is empty if it names no image format."""
    name = PurePosixPath(path).name
    suffix = suffix_of(name) if is_image_name(name) else ""
    return safe_name(name[: len(name) - len(suffix)], "image"), suffix
