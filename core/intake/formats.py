"""Suffixes of the files that Graft reads: one list for every upload box, the command line and the layout rules.

A suffix only says what a file may be. The decoder and the readers of archives and tables decide by the content.
"""

import re
from typing import Final

IMAGE_SUFFIXES: Final = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".dib", ".heic",
    ".heics", ".heif", ".heifs", ".hif", ".avif", ".avifs", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".psd",
    ".ico", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".tga", ".mpo",
)  # fmt: skip
# Teachable Machine's project files (.tm) are zips.
ARCHIVE_SUFFIXES: Final = (
    ".zip", ".tm", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz", ".gz", ".bz2", ".xz",
)  # fmt: skip
# Archives that cannot be read, and archives within archives.
NESTED_SUFFIXES: Final = frozenset((*ARCHIVE_SUFFIXES, ".zst", ".7z", ".rar")) - {".tm"}
TABLE_SUFFIXES: Final = (".csv", ".tsv", ".xlsx")
# Text files that may be lists of images with their classes or splits.
LIST_SUFFIXES: Final = (".txt", ".lst")
# Files beside images that say something about them, and are never meant where a table or a list names an image.
ANNOTATION_SUFFIXES: Final = (*LIST_SUFFIXES, ".xml", ".json", ".mat", ".md", ".yaml", ".yml", ".html", ".npy", ".pdf")
# Tables that cannot be read, which are rejected with their own reason.
UNREADABLE_TABLE_SUFFIXES: Final = (".xls", ".ods")

# As upload boxes want them: without the dot, the last part of a compound suffix alone.
IMAGE_UPLOADS: Final = tuple(suffix.lstrip(".") for suffix in IMAGE_SUFFIXES)
ARCHIVE_UPLOADS: Final = tuple(
    dict.fromkeys(suffix.rpartition(".")[2] for suffix in (*ARCHIVE_SUFFIXES, *TABLE_SUFFIXES, *LIST_SUFFIXES))
)


def suffix_of(name: str) -> str:
    """Give the suffix of a path in lower case, e.g. `.jpg`."""
    return name[len(stem_of(name)) :].lower()


def stem_of(name: str) -> str:
    """Give a path without its suffix; faster than pathlib, which counts with 100,000 files."""
    dot = name.rfind(".")
    start = name.rfind("/") + 1
    return name[:dot] if start < dot < len(name) - 1 else name


def is_image_name(name: str) -> bool:
    """Whether a file may be an image, by its suffix."""
    return suffix_of(name) in IMAGE_SUFFIXES


def may_be_list_name(name: str) -> bool:
    """Whether a text file may list images: those with a long number are mostly about one image each."""
    stem = stem_of(name).lower()
    is_of_one_image = re.search(r"\d{3}", stem) is not None and re.search("train|val|test", stem) is None
    return suffix_of(name) in LIST_SUFFIXES and not is_of_one_image and not stem.startswith(("readme", "licen", "._"))


def is_table_name(name: str) -> bool:
    """Whether a file may be a table, readable or not, by its suffix."""
    return suffix_of(name) in (*TABLE_SUFFIXES, *UNREADABLE_TABLE_SUFFIXES)
