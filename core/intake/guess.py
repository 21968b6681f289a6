"""Guess classes from file names, for images without class folders: `cat_001.jpg`, `dog (3).png`, `rose-12.jpg`.

A guess needs at least two classes with several images each, for most of the files. A person confirms it first.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from core.intake.formats import is_image_name

MOST_CLASSES: Final = 250
IMAGES_A_CLASS: Final = 2
NAMED_SHARE: Final = 0.5
EXAMPLES: Final = 3
COPY_MARK: Final = re.compile(r"[\s_-]*(\(\d+\)|[\s_-]copy|[\s_-]kopie)$", re.IGNORECASE)
NUMBER: Final = re.compile(r"[\s_.,#-]+(no\.?\s*)?\d+$", re.IGNORECASE)
ATTACHED_NUMBER: Final = re.compile(r"(?<=[^\W\d_])\d+$")
LEADING_NUMBER: Final = re.compile(r"^\d+[\s_.,#-]+")
SEPARATORS: Final = " \t_-.,#"
# Words that cameras, phones and scanners put before their numbers.
NO_CLASS: Final = re.compile(
    r"(img|imag|image|images|dsc|dscn|dscf|dcim|pxl|pict|picture|pic|photo|photos|foto|scan|scanned|screenshot|"
    r"screen|shot|capture|snapshot|frame|file|untitled|unnamed|download|whatsapp.image.*|signal|telegram|mvimg|gopr|"
    r"dji|sam|cimg|imgp|mov|vid|wp|wa|burst|cover|thumb|sample|example|test|train|val|valid|validation|[\W\d_]*|"
    r"[0-9a-f]{8,})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class GuessedClass:
    """A class guessed from file names.

    Attributes:
        name: Its name, in the most frequent spelling.
        images: Number of its files.
        examples: Names of some of them.
    """

    name: str
    images: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Guess:
    """Classes guessed from file names.

    Attributes:
        classes: The classes, by name.
        rows: (n,) class of each file; empty for none.
        unnamed: Number of images without a class.
    """

    classes: tuple[GuessedClass, ...]
    rows: tuple[str, ...]
    unnamed: int


def guess_classes(names: Sequence[str]) -> Guess | None:
    """Guess classes from file names.

    Args:
        names: (n,) names of files, without folders; files that are no images by their suffix get no class.

    Returns:
        The guess; None if the names give no plausible classes.
    """
    guessed = [guess_class(name) for name in names]
    files: dict[str, list[str]] = defaultdict(list)
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for name, label in zip(names, guessed, strict=True):
        if label:
            files[label.casefold()].append(name)
            spellings[label.casefold()][label] += 1
    images = sum(is_image_name(name) for name in names)
    named = sum(len(members) for members in files.values())
    enough = named >= max(NAMED_SHARE * images, IMAGES_A_CLASS * len(files))
    if not 1 < len(files) <= MOST_CLASSES or not enough:
        return None
    spelling = {key: counts.most_common(1)[0][0] for key, counts in spellings.items()}
    classes = [
        GuessedClass(spelling[key], len(members), tuple(members[:EXAMPLES])) for key, members in sorted(files.items())
    ]
    rows = tuple(spelling[label.casefold()] if label else "" for label in guessed)
    return Guess(tuple(classes), rows, images - named)


def guess_class(name: str) -> str:
    """Give the class in a file name; empty for none."""
    if not is_image_name(name):
        return ""
    label = COPY_MARK.sub("", PurePath(unicodedata.normalize("NFC", name)).stem)
    shorter = label
    while (stripped := NUMBER.sub("", shorter)) != shorter:
        shorter = stripped
    if shorter == label:
        shorter = LEADING_NUMBER.sub("", ATTACHED_NUMBER.sub("", label))
    shorter = shorter.strip(SEPARATORS)
    return "" if NO_CLASS.fullmatch(shorter) else shorter
