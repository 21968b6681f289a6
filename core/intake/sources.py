"""Where files come from: one shape for archives, folders and single files.

A source is listed before anything is read, so that its size is known and nothing is unpacked that goes too far. What
must not be read is refused by its name alone. Nothing is ever written under a name that an archive gave.
"""

import contextlib
import functools
import os
import stat
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Self

from core.errors import ArchiveError
from core.intake import rejection_messages
from core.intake.layout import Annotation, Parts, arrange, is_ignored, recover_name, split_path
from core.intake.results import GIGABYTE, MEGABYTE, Limits, Rejected

NESTED_SUFFIXES: Final = frozenset((".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar"))
# The last two are tables that cannot be read; they are told apart from images so that their reason says so.
TABLE_SUFFIXES: Final = frozenset((".csv", ".tsv", ".xlsx", ".xls", ".ods"))
TABLE_BYTES: Final = 20 * MEGABYTE

Opener = Callable[[], IO[bytes]]


@dataclass(frozen=True)
class Entry:
    """A file of a source that may be read.

    Attributes:
        name: Its path as a person knows it.
        parts: The same, divided.
        size: Bytes unpacked, as the source says.
    """

    name: str
    parts: Parts
    size: int

    @property
    def suffix(self) -> str:
        """Of the file's name, in small letters, e.g. `.jpg`."""
        return Path(self.parts[-1]).suffix.lower()


@dataclass
class Source(ABC):
    """A listed source; its `with` closes it.

    Attributes:
        title: What a person calls it.
        limits: How far it may go.
        entries: Files that may be read, in the order in which `read` gives them.
        refused: Files that may not.
    """

    title: str
    limits: Limits
    entries: list[Entry] = field(default_factory=list)
    refused: list[Rejected] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def read(self) -> Iterator[tuple[Entry, Opener]]:
        """Every entry with what opens it; it must be read before the next one is asked for."""

    @abstractmethod
    def read_tables(self) -> Iterator[tuple[Entry, bytes]]:
        """The tables among the entries."""

    def places(self) -> list[Annotation]:
        """The place of each entry, as far as its folders say."""
        return arrange([entry.parts for entry in self.entries])

    def close(self) -> None:  # noqa: B027 - most hold nothing open between two files
        """Close what is open."""

    def add(self, raw_name: str, size: int, refusal: str = "") -> Entry | None:
        """List a file, unless it is one that operating systems leave behind.

        Args:
            raw_name: Its path as the source gives it.
            size: Bytes unpacked.
            refusal: Why it must not be read; empty where it may.

        Returns:
            The entry if it may be read.

        Raises:
            ArchiveError: The source has too many files, or is too large unpacked.
        """
        parts = split_path(raw_name)
        if parts is not None and is_ignored(parts):
            return None
        name = unicodedata.normalize("NFC", raw_name) if parts is None else "/".join(parts)
        refusal = rejection_messages.LEADS_OUT if parts is None else refusal or self._why_not(parts, size)
        if parts is None or refusal:
            self.refused.append(Rejected(name, refusal))
            entry = None
        else:
            entry = Entry(name, parts, size)
            self.entries.append(entry)
        self._check_limits()
        return entry

    def _why_not(self, parts: Parts, size: int) -> str:
        if Path(parts[-1]).suffix.lower() in NESTED_SUFFIXES:
            return rejection_messages.NESTED
        if size > self.limits.file_bytes:
            return rejection_messages.TOO_LARGE.format(megabytes=self.limits.file_bytes / MEGABYTE)
        return ""

    def _check_limits(self) -> None:
        if len(self.entries) + len(self.refused) > self.limits.files:
            raise self.too_many()

    def check_total(self) -> None:
        """Compare the size of all entries with the limit.

        Raises:
            ArchiveError: They are too large together.
        """
        if sum(entry.size for entry in self.entries) > self.limits.total_bytes:
            raise self.too_large()

    def too_large(self) -> ArchiveError:
        """The error that says it is too large unpacked."""
        return ArchiveError(
            f"{self.title} is larger than {self.limits.total_bytes / GIGABYTE:g} GB when unpacked.",
            "Divide it into several smaller ones.",
        )

    def too_many(self) -> ArchiveError:
        """The error that says it has too many files."""
        return ArchiveError(
            f"{self.title} has more than {self.limits.files:,} files.", "Divide it into several smaller ones."
        )

    def damaged(self) -> ArchiveError:
        """The error that says it cannot be read through."""
        return ArchiveError(f"{self.title} is damaged or cut off.", "Pack or download it again.")

    def is_table(self, entry: Entry) -> bool:
        """Whether it may be a table of names and labels."""
        return entry.suffix in TABLE_SUFFIXES and entry.size <= TABLE_BYTES


class Folder(Source):
    """A folder on this machine. Links to files are followed, as data sets on a disk are often built of them.

    Raises:
        ArchiveError: It has too many files, is too large, or may not be read.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__(path.name or str(path), limits)
        self._paths: dict[str, Path] = {}
        try:
            self._list(path)
        except OSError as error:
            raise ArchiveError(f"The folder {self.title} cannot be read: {error.strerror}.") from error
        self.check_total()

    def _list(self, root: Path) -> None:
        def fail(error: OSError) -> None:
            raise error

        for folder, folders, files in os.walk(root, onerror=fail):
            folders[:] = sorted(name for name in folders if not is_ignored((name, "file")))
            for name in folders:
                if (Path(folder) / name).is_symlink():
                    self.add(_name_below(root, Path(folder) / name), 0, rejection_messages.LINK)
            for name in sorted(files):
                self._add_file(_name_below(root, Path(folder) / name), Path(folder) / name)

    def _add_file(self, name: str, path: Path) -> None:
        size, refusal = _look_at(path)
        entry = self.add(name, size, refusal)
        if entry is not None:
            self._paths[entry.name] = path

    def read(self) -> Iterator[tuple[Entry, Opener]]:
        """Every file with what opens it."""
        for entry in self.entries:
            yield entry, functools.partial(_open, self._paths[entry.name])

    def read_tables(self) -> Iterator[tuple[Entry, bytes]]:
        """The tables among the files."""
        for entry in self.entries:
            if self.is_table(entry):
                with contextlib.suppress(OSError):
                    yield entry, self._paths[entry.name].read_bytes()


class Files(Folder):
    """Single files, by their own names alone.

    Raises:
        ArchiveError: They are too many or too large together.
    """

    def __init__(self, paths: Sequence[Path], limits: Limits) -> None:
        Source.__init__(self, "The upload", limits)
        self._paths = {}
        for path in paths:
            self._add_file(_known_name(path.name), path)
        self.check_total()


def _name_below(root: Path, path: Path) -> str:
    return _known_name(path.relative_to(root).as_posix())


def _known_name(name: str) -> str:
    """A name whose bytes are no UTF-8 comes with surrogates, which nothing else can print or store."""
    return recover_name(os.fsencode(name)) if any("\ud800" <= letter <= "\udfff" for letter in name) else name


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def _look_at(path: Path) -> tuple[int, str]:
    try:
        found = path.stat()
    except OSError:
        return 0, rejection_messages.LINK if path.is_symlink() else rejection_messages.MAY_NOT_BE_READ
    if not stat.S_ISREG(found.st_mode):
        return 0, rejection_messages.NOT_A_FILE
    return found.st_size, ""
