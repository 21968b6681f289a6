"""Paths in an archive or a folder -> classes and splits.

Understood: a folder a class; the same below one wrapping folder; the same below folders for train, validation and test.
"""

import codecs
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.intake.results import Split

Parts = tuple[str, ...]

SPLIT_NAMES: Final[dict[str, Split]] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
IGNORED_FOLDERS: Final = frozenset(("__macosx", "$recycle.bin", "system volume information"))
IGNORED_FILES: Final = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini"))
DRIVE: Final = re.compile(r"[A-Za-z]:")
# Codings of file names in zips made before UTF-8, each with the only letters that it is believed for: Chinese of
# Windows, Arabic of DOS. Others cannot be told from Western ones, which are in zip's own coding, cp437.
LEGACY_CODINGS: Final = (
    ("gb2312", re.compile(r"[\u4e00-\u9fff]+")),
    ("cp720", re.compile(r"[\u0620-\u064a]{2,}")),
)


@dataclass(frozen=True)
class Annotation:
    """Where an image belongs, as far as its path or the table says.

    Attributes:
        label: Its class.
        split: Its split.
        group: What must stay together in one split.
        drawn: Whether the split was drawn, and may be drawn again, rather than fixed.
        excluded: Whether it was set aside.
    """

    label: str | None = None
    split: Split | None = None
    group: str | None = None
    drawn: bool = False
    excluded: bool = False


def split_path(name: str) -> Parts | None:
    """The parts of a path in an archive, in Unicode's composed form (NFC); None if it leads out of the archive."""
    path = unicodedata.normalize("NFC", name.replace("\\", "/"))
    if path.startswith("/") or DRIVE.match(path) or "\0" in path:
        return None
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    return None if ".." in parts else parts


def is_ignored(parts: Parts) -> bool:
    """Whether it is what operating systems leave beside people's files: hidden, or a cache of thumbnails."""
    return (
        any(part.startswith(".") or part.lower() in IGNORED_FOLDERS for part in parts)
        or not parts
        or parts[-1].lower() in IGNORED_FILES
    )


def recover_name(raw: bytes) -> str:
    """Decode the name of a file in an old archive, which does not say how it was coded."""
    for coding, letters in (("utf-8", None), *LEGACY_CODINGS):
        try:
            name = codecs.decode(raw, coding)
        except UnicodeDecodeError:
            continue
        foreign = re.findall(r"[^\x00-\x7f]+", name)
        if letters is None or all(letters.fullmatch(run) for run in foreign):
            return name
    return raw.decode("cp437")


def unwrap(paths: Sequence[Parts]) -> int:
    """How many wrapping folders there are: those that hold everything, and more folders rather than files."""
    depth = 0
    while paths:
        inside = [path for path in paths if len(path) > depth + 1]
        folders = {path[depth] for path in inside}
        deeper = sum(len(path) > depth + 2 for path in inside)
        if len(folders) != 1 or 2 * deeper < len(inside) or len(inside) < len(paths):
            break
        depth += 1
    return depth


def arrange(paths: Sequence[Parts]) -> list[Annotation]:
    """Read classes and splits off the folders.

    Args:
        paths: (n,) parts of each file's path, its own name last.

    Returns:
        (n,) places; without a label where the file lies beside the class folders.
    """
    depth = unwrap(paths)
    folders = [path[depth:-1] for path in paths]
    first = {folder[0].casefold() for folder in folders if folder}
    split = len(first & SPLIT_NAMES.keys()) > 1 and first <= SPLIT_NAMES.keys()
    return [_place(folder, split) for folder in folders]


def _place(folder: Parts, split: bool) -> Annotation:
    if not split:
        return Annotation(folder[0].strip() if folder else None)
    return Annotation(
        folder[1].strip() if len(folder) > 1 else None, SPLIT_NAMES[folder[0].casefold()] if folder else None
    )
