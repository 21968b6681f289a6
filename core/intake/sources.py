"""Sources of files: the common base of archives, and folders and single files.

A source is listed before anything is read, so that its size is checked before unpacking. Files that must not be read
are rejected by their names alone. Nothing is ever written under a name from an archive.
"""

import contextlib
import functools
import os
import stat
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Final, Self

from core.errors import ArchiveError
from core.intake import rejection_messages
from core.intake.file_names import NameReading, Parts, decode_names, is_ignored, split_path, unique_name
from core.intake.formats import NESTED_SUFFIXES, is_table_name, may_be_list_name, suffix_of
from core.intake.layout import Layout, read_layout
from core.intake.results import GIGABYTE, MEGABYTE, Limits, Rejected

TABLE_BYTES: Final = 20 * MEGABYTE
# Of a list in a text file, and how many are read; sets with a text file for each image have thousands that are none.
LIST_BYTES: Final = 5 * MEGABYTE
MAX_LISTS: Final = 60

Opener = Callable[[], IO[bytes]]


@dataclass(frozen=True)
class Entry:
    """A file of a source that may be read.

    Attributes:
        name: Its path, for a person.
        parts: Its path in parts, in Unicode's composed form.
        size: Its unpacked size in bytes, as the source declares it.
    """

    name: str
    parts: Parts
    size: int

    @property
    def suffix(self) -> str:
        """The suffix in lower case, e.g. `.jpg`."""
        return suffix_of(self.parts[-1])


def may_be_list(entry: Entry) -> bool:
    """Whether an entry may be a list of images in a text file, by its name and size."""
    return may_be_list_name(entry.parts[-1]) and entry.size <= LIST_BYTES


@dataclass
class Source(ABC):
    """A listed source; a context manager that closes it.

    Attributes:
        title: Its name, for a person.
        limits: Its limits.
        entries: Files that may be read, in the order of `read`.
        rejected: Files that may not be read.
        readings: How its file names read in several encodings, the guessed one first; empty if they declare theirs.
    """

    title: str
    limits: Limits
    entries: list[Entry] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    readings: list[NameReading] = field(default_factory=list)
    _names: set[str] = field(default_factory=set, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def read(self) -> Iterator[tuple[Entry, Opener]]:
        """Yield every entry with a function that opens it, to be called before the next entry is asked for."""

    @abstractmethod
    def read_tables(self) -> Iterator[tuple[Entry, bytes]]:
        """Yield the tables and the text files that may be lists, with their bytes."""

    def layout(self) -> Layout:
        """Give what the folders say about each entry."""
        return read_layout([entry.parts for entry in self.entries], self.title)

    def close(self) -> None:  # noqa: B027 - most sources keep nothing open
        """Close open files."""

    def add(self, raw_name: str, size: int, rejection: str = "") -> Entry | None:
        """List a file, unless it is hidden or a system file.

        Args:
            raw_name: Its path as the source gives it.
            size: Its unpacked size in bytes.
            rejection: Why it must not be read; empty if it may.

        Returns:
            The entry if it may be read.

        Raises:
            ArchiveError: The source has too many files, or is too large unpacked.
        """
        parts = split_path(raw_name)
        if parts is not None and is_ignored(parts):
            return None
        name = unicodedata.normalize("NFC", raw_name) if parts is None else "/".join(parts)
        rejection = rejection_messages.LEADS_OUT if parts is None else rejection or self._find_rejection(parts, size)
        if parts is None or rejection:
            self.rejected.append(Rejected(name, rejection))
            entry = None
        else:
            name = unique_name(name, self._names)  # two names may be one in Unicode's composed form
            entry = Entry(name, parts, size)
            self.entries.append(entry)
        self._check_limits()
        return entry

    def _find_rejection(self, parts: Parts, size: int) -> str:
        if suffix_of(parts[-1]) in NESTED_SUFFIXES:
            return rejection_messages.NESTED
        if size > self.limits.file_bytes:
            return rejection_messages.TOO_LARGE.format(megabytes=self.limits.file_bytes / MEGABYTE)
        return ""

    def _check_limits(self) -> None:
        if len(self.entries) + len(self.rejected) > self.limits.files:
            raise self.too_many()

    def check_total(self) -> None:
        """Check the total size.

        Raises:
            ArchiveError: It exceeds the limit.
        """
        if sum(entry.size for entry in self.entries) > self.limits.total_bytes:
            raise self.too_large()

    def too_large(self) -> ArchiveError:
        """Make the error for a source that is too large."""
        return ArchiveError(
            f"{self.title} is larger than {self.limits.total_bytes / GIGABYTE:g} GB when unpacked.",
            "Divide it into several smaller ones.",
        )

    def too_many(self) -> ArchiveError:
        """Make the error for a source with too many files."""
        return ArchiveError(
            f"{self.title} has more than {self.limits.files:,} files.", "Divide it into several smaller ones."
        )

    def damaged(self) -> ArchiveError:
        """Make the error for a source that is damaged."""
        return ArchiveError(f"{self.title} is damaged or cut off.", "Pack or download it again.")

    def is_table(self, entry: Entry) -> bool:
        """Whether an entry may be a table."""
        return is_table_name(entry.parts[-1]) and entry.size <= TABLE_BYTES

    @cached_property
    def lists(self) -> frozenset[str]:
        """Names of the text files that may be lists of images, the ones in the fewest folders; at most `MAX_LISTS`."""
        found = [entry for entry in self.entries if may_be_list(entry)]
        return frozenset(entry.name for entry in sorted(found, key=lambda entry: len(entry.parts))[:MAX_LISTS])

    def is_table_or_list(self, entry: Entry) -> bool:
        """Whether an entry may be a table, or a list in a text file."""
        return self.is_table(entry) or entry.name in self.lists


class Folder(Source):
    """A folder on this machine. Links to files are followed, because data sets are often built of them.

    Attributes:
        paths: The file of each entry.

    Raises:
        ArchiveError: It has too many files, is too large, or may not be read.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__(path.name or str(path), limits)
        self.paths: list[Path] = []
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
        size, rejection = _inspect(path)
        if self.add(name, size, rejection) is not None:
            self.paths.append(path)

    def read(self) -> Iterator[tuple[Entry, Opener]]:
        """Yield every file with a function that opens it."""
        for entry, path in zip(self.entries, self.paths, strict=True):
            yield entry, functools.partial(_open, path)

    def read_tables(self) -> Iterator[tuple[Entry, bytes]]:
        """Yield the tables and the text files that may be lists, with their bytes."""
        for entry, path in zip(self.entries, self.paths, strict=True):
            if self.is_table_or_list(entry):
                with contextlib.suppress(OSError):
                    yield entry, path.read_bytes()


class Files(Folder):
    """Single files, without their folders.

    Raises:
        ArchiveError: They exceed the limits.
    """

    def __init__(self, paths: Sequence[Path], limits: Limits) -> None:
        Source.__init__(self, "The upload", limits)
        self.paths = []
        for path in paths:
            self._add_file(_readable_name(path.name), path)
        self.check_total()


def _name_below(root: Path, path: Path) -> str:
    return _readable_name(path.relative_to(root).as_posix())


def _readable_name(name: str) -> str:
    """Replace surrogates, which Python gives for names that are not UTF-8 and which cannot be printed or stored."""
    return decode_names([os.fsencode(name)])[0] if any("\ud800" <= letter <= "\udfff" for letter in name) else name


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def _inspect(path: Path) -> tuple[int, str]:
    try:
        found = path.stat()
    except OSError:
        return 0, rejection_messages.LINK if path.is_symlink() else rejection_messages.MAY_NOT_BE_READ
    if not stat.S_ISREG(found.st_mode):
        return 0, rejection_messages.NOT_A_FILE
    return found.st_size, ""
