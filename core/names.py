"""Names that people, folders, tables and files give: of projects, classes, groups, runs and images.

A name is shown on pages and charts, written into tables, and compared. So it is one line of visible characters of
bounded length, whatever its source.
"""

import hashlib
import unicodedata
from collections.abc import Callable
from typing import Final

from core.errors import DatasetError

NAME_LENGTH: Final = 100
FILE_NAME_LENGTH: Final = 400
HASH_DIGITS: Final = 8
# Zero-width joiners are letters' and emojis' own; all other invisible characters go, such as those that turn the
# direction of the text around them (https://trojansource.codes).
JOINERS: Final = "\u200c\u200d"
INVISIBLE: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def clean_name(text: str, length: int = NAME_LENGTH) -> str:
    """Return a name as one line of visible characters in Unicode's composed form (NFC).

    White space becomes single spaces, control characters become spaces, and other invisible characters are removed. A
    name that is too long is cut, and ends with a hash of all of it, so that two long names stay different.

    Args:
        text: The name; may be empty.
        length: Largest number of characters.
    """
    visible = (_visible(character) for character in unicodedata.normalize("NFC", text))
    name = " ".join("".join(visible).split()).strip(JOINERS)
    if len(name) <= length:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_DIGITS]
    return f"{name[: length - HASH_DIGITS - 2].rstrip()}… {digest}"


def check_name(text: str, what: str) -> str:
    """Return a name that a person typed, cleaned.

    Args:
        text: The name.
        what: What it names, for the sentence.

    Raises:
        DatasetError: Nothing is left of it, or it is too long.
    """
    name = clean_name(text, max(len(text) * 3, NAME_LENGTH))
    if not name:
        raise DatasetError(f"The {what} has no name.", "Type one.")
    if len(name) > NAME_LENGTH:
        raise DatasetError(f"The name of the {what} has {len(name)} characters.", f"Use at most {NAME_LENGTH}.")
    return name


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "" if category in INVISIBLE and character not in JOINERS else character


def free_number(is_used: Callable[[int], bool]) -> int:
    """Return a number from 2 that is free, the smallest where the used ones follow each other.

    The number of questions grows with the logarithm: an archive may have the same name a hundred thousand times.

    Args:
        is_used: Whether a number is used.
    """
    used, free = 1, 2
    while is_used(free):
        used, free = free, 2 * free
    while free - used > 1:
        middle = (used + free) // 2
        used, free = (middle, free) if is_used(middle) else (used, middle)
    return free
