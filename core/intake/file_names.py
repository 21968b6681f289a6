"""Names of files: their parts, which of them to ignore, and the encoding of old ones."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from core.intake.formats import stem_of
from core.names import free_number

Parts = tuple[str, ...]

# Of macOS, Windows, Linux and network drives by Synology and QNAP, which keep thumbnails there.
IGNORED_FOLDERS: Final = frozenset(
    ("__macosx", "$recycle.bin", "system volume information", "lost+found", "@eadir", "#recycle", "@recycle")
)
IGNORED_FILES: Final = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini"))
DRIVE: Final = re.compile(r"[A-Za-z]:")
# Encodings before UTF-8, each with the letters that it is accepted for: all letters beyond ASCII must be of this kind.
# The strict variants of the East Asian ones reject each other's text. Korean and simplified Chinese overlap; see
# `_is_korean`.
HAN: Final = "\u3005\u4e00-\u9fff"
CODINGS: Final = (
    ("shift_jis", re.compile(rf"[{HAN}\u3041-\u30ff\uff10-\uff5e\u3000]+")),
    ("euc_kr", re.compile(r"[\uac00-\ud7a3]+")),
    ("gb2312", re.compile(rf"[{HAN}]+")),
    ("big5", re.compile(rf"[{HAN}]+")),
    ("cp720", re.compile(r"[\u0620-\u064a]{2,}")),
    ("cp866", re.compile(r"[\u0400-\u045f]{2,}")),
)
# Encodings that a person may choose from, beside the guessed one; the most frequent first.
KNOWN_CODINGS: Final = (
    "utf-8", "cp437", "cp850", "cp1252", "cp852", "cp1250", "cp866", "cp1251", "shift_jis", "cp949", "gb18030", "big5",
    "cp720", "cp1256", "cp737", "cp1253", "cp857", "cp1254", "cp862", "cp1255",
)  # fmt: skip
SHOWN_NAMES: Final = 3
KANA: Final = re.compile(r"[\u3041-\u30fa]")
RUSSIAN_VOWELS: Final = frozenset("аеёиоуыэюя")
# Of Chinese characters in GB 2312, about half are also Korean syllables; four different ones are seldom chance.
KOREAN_SYLLABLES: Final = 4


def split_path(name: str) -> Parts | None:
    """Split a path of an archive, in Unicode's composed form (NFC); None if it leads out of the archive."""
    path = unicodedata.normalize("NFC", name.replace("\\", "/"))
    if path.startswith("/") or DRIVE.match(path) or "\0" in path:
        return None
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    return None if ".." in parts else parts


def is_ignored(parts: Parts) -> bool:
    """Whether a file is hidden or was left by the operating system."""
    return (
        any(part.startswith(".") or part.lower() in IGNORED_FOLDERS for part in parts)
        or not parts
        or parts[-1].lower() in IGNORED_FILES
    )


def unique_name(name: str, used: set[str]) -> str:
    """Return a path, with a number before its suffix if it is used already, and add it to the used ones."""
    free, stem = name, stem_of(name)
    if name in used:
        number = free_number(lambda number: f"{stem} ({number}){name[len(stem) :]}" in used)
        free = f"{stem} ({number}){name[len(stem) :]}"
    used.add(free)
    return free


def fold(text: str) -> str:
    """Fold case and width, and drop accents of Latin letters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    plain = "".join(one for one in unicodedata.normalize("NFD", folded) if not "\u0300" <= one <= "\u036f")
    return unicodedata.normalize("NFC", plain)


def guess_coding(names: Iterable[bytes], fallback: str = "cp437") -> str:
    """Guess the encoding of names from all of them together.

    Args:
        names: Names from one archive, or texts from one file, in an unknown encoding.
        fallback: The encoding if none is plausible.
    """
    foreign = [name for name in dict.fromkeys(names) if not name.isascii()]
    if _decode_all(foreign, "utf-8") is not None:
        return "utf-8"
    plausible = [coding for coding, letters in CODINGS if _is_plausible(foreign, coding, letters)]
    if "cp720" in plausible and "cp866" in plausible:
        plausible.remove("cp720" if _is_russian(foreign) else "cp866")
    return plausible[0] if plausible else fallback


@dataclass(frozen=True)
class NameReading:
    """How file names of unknown encoding read in one encoding.

    Attributes:
        coding: The encoding.
        names: Some of the names.
    """

    coding: str
    names: tuple[str, ...]


def read_names(names: Sequence[bytes]) -> list[NameReading]:
    """Give the readings of names that do not declare their encoding, the guessed one first.

    Returns:
        Readings that differ; none if the names are ASCII or certainly UTF-8.
    """
    foreign = [name for name in dict.fromkeys(names) if not name.isascii()]
    if not foreign or _decode_all(foreign, "utf-8") is not None:
        return []
    readings: dict[tuple[str, ...], str] = {}
    for coding in (guess_coding(names), *KNOWN_CODINGS):
        decoded = _decode_all(foreign, coding)
        if decoded is not None and all(name.isprintable() for name in decoded):
            readings.setdefault(tuple(decoded), coding)
    return [NameReading(coding, decoded[:SHOWN_NAMES]) for decoded, coding in readings.items()]


def decode_names(names: Sequence[bytes], coding: str | None = None) -> list[str]:
    """Decode names that do not declare their encoding.

    Args:
        names: (n,) raw names.
        coding: Their encoding; None to guess it.
    """
    coding = coding or guess_coding(names)
    return [_decode(name, coding) for name in names]


def _decode(name: bytes, coding: str) -> str:
    try:
        return name.decode(coding)
    except UnicodeDecodeError:
        return name.decode("cp437")


def _decode_all(names: Sequence[bytes], coding: str) -> list[str] | None:
    try:
        return [name.decode(coding) for name in names]
    except UnicodeDecodeError:
        return None


def _is_plausible(names: Sequence[bytes], coding: str, letters: re.Pattern[str]) -> bool:
    decoded = _decode_all(names, coding)
    if not decoded:
        return False
    runs = [run for name in decoded for run in re.findall(r"[^\x00-\x7f]+", name)]
    if not all(letters.fullmatch(run) for run in runs):
        return False
    if coding == "shift_jis":
        return any(KANA.search(run) for run in runs)
    if coding == "euc_kr":
        return len(set("".join(runs))) >= KOREAN_SYLLABLES
    if coding in ("cp866", "cp720", "big5"):  # letters of Western names would be among Latin ones
        return not any(re.search(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]", name) for name in decoded)
    return True


def _is_russian(names: Sequence[bytes]) -> bool:
    """Whether names that could be Arabic or Russian are Russian: by its vowels, and no capital within a word."""
    words = re.findall(r"[\u0400-\u045f]+", " ".join(_decode_all(names, "cp866") or []))
    letters = "".join(words).lower()
    vowels = sum(letter in RUSSIAN_VOWELS for letter in letters) / max(1, len(letters))
    mixed = any(letter.isupper() for word in words for letter in word[1:] if not word.isupper())
    return 0.2 < vowels < 0.7 and not mixed  # noqa: PLR2004 - Russian text has about 42% vowels
