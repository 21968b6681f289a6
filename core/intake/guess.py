"""Classes read off file names, for images that lie in one heap: `cat_001.jpg`, `dog (3).png`, `rose-12.jpg`.

A guess is only made where it is plausible: at least two classes, several images each, for most of the files. It is
never acted on unseen: whoever takes images in is shown it first.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

MOST_CLASSES: Final = 250
IMAGES_A_CLASS: Final = 2
NAMED_SHARE: Final = 0.5
EXAMPLES: Final = 3
# The suffixes of images, so that a readme among them is no class.
SUFFIXES: Final = re.compile(
    r"\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|bmp|dib|hei[cf]|avif|jp2|psd|ico|ppm|tga)", re.IGNORECASE
)
COPY_MARK: Final = re.compile(r"[\s_-]*(\(\d+\)|[\s_-]copy|[\s_-]kopie)$", re.IGNORECASE)
NUMBER: Final = re.compile(r"[\s_.,#-]+(no\.?\s*)?\d+$", re.IGNORECASE)
ATTACHED_NUMBER: Final = re.compile(r"(?<=[^\W\d_])\d+$")
LEADING_NUMBER: Final = re.compile(r"^\d+[\s_.,#-]+")
SEPARATORS: Final = " \t_-.,#"
# What cameras, phones and scanners write before their number.
NO_CLASS: Final = re.compile(
    r"(img|imag|image|images|dsc|dscn|dscf|dcim|pxl|pict|picture|pic|photo|photos|foto|scan|scanned|screenshot|"
    r"screen|shot|capture|snapshot|frame|file|untitled|unnamed|download|whatsapp.image.*|signal|telegram|mvimg|gopr|"
    r"dji|sam|cimg|imgp|mov|vid|wp|wa|burst|cover|thumb|sample|example|test|train|val|valid|validation|[\W\d_]*|"
    r"[0-9a-f]{8,})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class GuessedClass:
    """A class as file names say it.

    Attributes:
        name: In the spelling that most of the files have.
        images: How many files say it.
        examples: Some of their names.
    """

    name: str
    images: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Guess:
    """What the names of files say about their classes.

    Attributes:
        classes: The classes, by name.
        rows: (n,) name of each file's class, empty where the file's name says none.
        unnamed: How many images have a name that says none.
    """

    classes: tuple[GuessedClass, ...]
    rows: tuple[str, ...]
    unnamed: int


def guess_classes(names: Sequence[str]) -> Guess | None:
    """Guess classes from file names.

    Args:
        names: (n,) of files, without folders; those that are no images by their suffix have no class.

    Returns:
        The guess, None where the names say nothing plausible.
    """
    said = [_class_of(name) for name in names]
    files: dict[str, list[str]] = defaultdict(list)
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for name, label in zip(names, said, strict=True):
        if label:
            files[label.casefold()].append(name)
            spellings[label.casefold()][label] += 1
    images = sum(_is_image(name) for name in names)
    named = sum(len(members) for members in files.values())
    enough = named >= max(NAMED_SHARE * images, IMAGES_A_CLASS * len(files))
    if not 1 < len(files) <= MOST_CLASSES or not enough:
        return None
    spelling = {key: counts.most_common(1)[0][0] for key, counts in spellings.items()}
    classes = [
        GuessedClass(spelling[key], len(members), tuple(members[:EXAMPLES])) for key, members in sorted(files.items())
    ]
    rows = tuple(spelling[label.casefold()] if label else "" for label in said)
    return Guess(tuple(classes), rows, images - named)


def _class_of(name: str) -> str:
    """The class that a file name says; empty for none."""
    if not _is_image(name):
        return ""
    label = COPY_MARK.sub("", PurePath(unicodedata.normalize("NFC", name)).stem)
    shorter = label
    while (stripped := NUMBER.sub("", shorter)) != shorter:
        shorter = stripped
    if shorter == label:
        shorter = LEADING_NUMBER.sub("", ATTACHED_NUMBER.sub("", label))
    shorter = shorter.strip(SEPARATORS)
    return "" if NO_CLASS.fullmatch(shorter) else shorter


def _is_image(name: str) -> bool:
    return SUFFIXES.fullmatch(PurePath(name).suffix) is not None
