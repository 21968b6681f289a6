"""A project's images as a zip that works anywhere and comes back in as it was: a folder a class, and a table.

The table (`labels.csv`) holds what folders cannot: names of classes as they are, splits and whether they are fixed,
groups, and what was set aside. Names of folders and files are made safe for every file system; the table has the
original ones.
"""

import csv
import io
import re
import shutil
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from core.catalog.items import Item
from core.errors import RunStopped
from core.intake.guess import SUFFIXES
from core.storage.blobs import OriginalStore
from core.storage.disk import describe_disk_errors

TABLE: Final = "labels.csv"
COLUMNS: Final = ("file", "label", "split", "split_fixed", "group", "excluded", "original_name", "sha256")
NO_CLASS: Final = "no class"
NAME_LENGTH: Final = 80
UNSAFE: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029]')
# Windows drops these at the end; a table is read without them; a dot first hides a file.
EDGES: Final = re.compile(r"^[\s.]+|[\s.]+$")
# Names that Windows keeps for devices, and folders that an intake passes over.
RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|__macosx|\$recycle\.bin|system volume information)", re.I)
# Zips carry times; a fixed one makes two of the same images equal, byte by byte.
TIME: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        path: The zip.
        images: Number of images in it.
        missing: Names of images whose files are gone.
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
    on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005 - nobody listens
    should_stop: Callable[[], bool] = lambda: False,
) -> Written:
    """Write images as a zip; file by file, so that memory stays small whatever its size.

    Args:
        name: Of the folder in the zip.
        items: The images, also those that were set aside.
        store: Where their files lie.
        target: The zip; it appears whole or not at all.
        on_progress: Called with images done and images altogether.
        should_stop: Asked before each image.

    Raises:
        RunStopped: `should_stop` said so.
        WorkspaceError: The disk is full or not writable.
    """
    root = _safe(name, "images")
    places = _places(items)
    part = target.with_suffix(".part")
    rows: list[tuple[str, ...]] = []
    missing: list[str] = []
    with describe_disk_errors(str(target)):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with zipfile.ZipFile(part, "w") as archive:
                for number, (item, place) in enumerate(zip(items, places, strict=True), 1):
                    if should_stop():
                        raise RunStopped("Packing the images was stopped; nothing was changed.")
                    if _copy(archive, f"{root}/{place}", store.path(item.digest)):
                        rows.append(_row(item, place))
                    else:
                        missing.append(item.name)
                    on_progress(number, len(items))
                archive.writestr(_info(f"{root}/{TABLE}"), _table(rows), zipfile.ZIP_DEFLATED)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return Written(target, len(rows), tuple(missing))


def _copy(archive: zipfile.ZipFile, name: str, source: Path) -> bool:
    """Copy a file into the zip as it is, for images do not get smaller; false if it is gone."""
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
    return zipfile.ZipInfo(name, TIME)


def _row(item: Item, place: str) -> tuple[str, ...]:
    return (
        place,
        item.label or "",
        item.split or "",
        "yes" if item.split_fixed else "no",
        item.group or "",
        "yes" if item.excluded else "no",
        item.name,
        item.digest,
    )


def _table(rows: Sequence[tuple[str, ...]]) -> bytes:
    """The rows as CSV in UTF-8 with a mark at the start, which Excel needs to see that it is UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([cell.replace("\0", "") for cell in row] for row in rows)  # no table may hold a NUL
    return text.getvalue().encode("utf-8-sig")


def _places(items: Sequence[Item]) -> list[str]:
    """A path for each image, its class first; no two differ only by case."""
    folders: dict[str | None, str] = {}
    taken: set[str] = {TABLE}
    places = []
    for item in items:
        if item.label_id not in folders:
            folders[item.label_id] = _free(_safe(item.label or NO_CLASS, "class"), taken)
        name = PurePosixPath(item.name).name
        suffix = PurePosixPath(name).suffix
        if not SUFFIXES.fullmatch(suffix):
            name, suffix = name + ".img", ".img"
        stem = _safe(name.removesuffix(suffix), "image")
        places.append(_free(f"{folders[item.label_id]}/{stem}", taken, suffix))
    return places


def _free(path: str, taken: set[str], suffix: str = "") -> str:
    """The path, or one with a number if it was given away."""
    number, free = 1, path + suffix
    while free.casefold() in taken:
        number += 1
        free = f"{path} {number}{suffix}"
    taken.add(free.casefold())
    return free


def _safe(name: str, otherwise: str) -> str:
    """A name that every file system takes, and that no intake takes for a hidden file."""
    safe = EDGES.sub("", UNSAFE.sub("_", unicodedata.normalize("NFC", name))[:NAME_LENGTH])
    return f"_{safe}" if RESERVED.fullmatch(safe) else safe or otherwise
