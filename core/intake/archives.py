"""Zip and tar archives as sources. They are read as streams and never unpacked under the names they contain."""

import bz2
import contextlib
import functools
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

from core.errors import ArchiveError
from core.intake import rejection_messages
from core.intake.file_names import decode_names, read_names
from core.intake.results import MEGABYTE, Limits
from core.intake.sources import TABLE_BYTES, Entry, Opener, Source, may_be_list

UTF8_FLAG: Final = 0x800
ENCRYPTED_FLAG: Final = 0x1
UNIX: Final = 3
# The most bytes per file that the directory of a zip may take on average; it is held in memory.
DIRECTORY_BYTES_PER_FILE: Final = 400
EXTRA_HEADER: Final = struct.Struct("<HH")
UNICODE_PATH: Final = 0x7075
UNICODE_PATH_HEADER: Final = struct.Struct("<BL")
END_RECORD: Final = struct.Struct("<4s4H2LH")
END_RECORD_64: Final = struct.Struct("<4sQ2H2L4Q")
# The most bytes read at once; the headers of a hostile tar may ask for terabytes.
TAR_READ_BYTES: Final = 16 * 1024**2

DAMAGED_DATA: Final = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)
# Text files that may be lists are kept in memory up to this size together, because a tar is read once.
ALL_LISTS_BYTES: Final = 60 * MEGABYTE
OPENERS: Final[dict[bytes, Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}


class Zip(Source):
    """A zip.

    Args:
        path: The file.
        title: Its name, for a person.
        limits: Its limits.
        coding: Encoding of names that do not declare theirs; None to guess it from all of them.

    Raises:
        ArchiveError: It is damaged, empty, protected by a password, has too many files, or is too large unpacked.
    """

    def __init__(self, path: Path, title: str, limits: Limits, coding: str | None = None) -> None:
        super().__init__(title, limits)
        self._coding = coding
        self._infos: list[zipfile.ZipInfo] = []
        self._check_directory(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except (*DAMAGED_DATA, NotImplementedError) as error:
            raise self.damaged() from error
        try:
            self._list()
            self.check_total()
        except BaseException:
            self._zip.close()
            raise

    def close(self) -> None:
        """Close the zip."""
        self._zip.close()

    def read(self) -> Iterator[tuple[Entry, Opener]]:
        """Yield every entry with a function that opens it."""
        for entry, info in zip(self.entries, self._infos, strict=True):
            yield entry, functools.partial(self._zip.open, info)

    def read_tables(self) -> Iterator[tuple[Entry, bytes]]:
        """Yield the tables and the text files that may be lists, with their bytes."""
        for entry, opener in self.read():
            if self.is_table_or_list(entry):
                with contextlib.suppress(*DAMAGED_DATA, NotImplementedError), opener() as file:
                    yield entry, file.read(TABLE_BYTES)

    def _check_directory(self, path: Path) -> None:
        """Check the size of the directory before `zipfile` reads all of it into memory."""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 2**16 - 2**10))
            tail = file.read()
        at, at_64 = tail.rfind(b"PK\x05\x06"), tail.rfind(b"PK\x06\x06")
        n_bytes = 0
        if 0 <= at <= len(tail) - END_RECORD.size:
            n_bytes = END_RECORD.unpack_from(tail, at)[5]
        if n_bytes == 2**32 - 1 and 0 <= at_64 <= len(tail) - END_RECORD_64.size:
            n_bytes = END_RECORD_64.unpack_from(tail, at_64)[8]
        if n_bytes > max(2**20, self.limits.files * DIRECTORY_BYTES_PER_FILE):
            raise self.too_many()

    def _list(self) -> None:
        files = [info for info in self._zip.infolist() if not info.orig_filename.endswith(("/", "\\"))]
        if not files:
            raise ArchiveError(f"{self.title} is empty.", "Pack the folder that holds the images, and add it again.")
        if all(info.flag_bits & ENCRYPTED_FLAG for info in files):
            raise ArchiveError(f"{self.title} is protected by a password.", "Pack it again without one.")
        known = _known_names(files)
        raw = [info.orig_filename.encode("cp437") for info, name in zip(files, known, strict=True) if name is None]
        decoded = iter(decode_names(raw, self._coding))
        self.readings = read_names(raw) if self._coding is None else []
        for info, known_name in zip(files, known, strict=True):
            name = next(decoded) if known_name is None else known_name
            if self.add(name, info.file_size, self._find_zip_rejection(info)) is not None:
                self._infos.append(info)

    def _find_zip_rejection(self, info: zipfile.ZipInfo) -> str:
        if info.flag_bits & ENCRYPTED_FLAG:
            return rejection_messages.PROTECTED
        if info.create_system == UNIX and stat.S_ISLNK(info.external_attr >> 16):
            return rejection_messages.LINK
        grows = info.file_size > self.limits.ratio * max(1, info.compress_size)
        if grows and info.file_size > self.limits.ratio_from_bytes:
            return rejection_messages.BOMB.format(ratio=self.limits.ratio)
        return ""


class Tar(Source):
    """A tar, plain or compressed. It is read twice, because it has no directory.

    Raises:
        ArchiveError: It is damaged, empty, has too many files, or is too large or suspiciously large unpacked.
    """

    def __init__(self, path: Path, title: str, limits: Limits) -> None:
        super().__init__(title, limits)
        self._path = path
        self._entries_by_number: dict[int, Entry] = {}
        self._tables: list[tuple[Entry, bytes]] = []
        self._list_bytes = 0
        n_members = 0
        for number, (archive, member) in enumerate(self._members()):
            n_members += not member.isdir()
            if not member.isdir():
                self._list(number, archive, member)
        if not n_members:
            raise ArchiveError(f"{title} is empty.", "Pack the folder that holds the images, and add it again.")
        self.check_total()

    def read(self) -> Iterator[tuple[Entry, Opener]]:
        """Yield every entry with a function that opens it."""
        for number, (archive, member) in enumerate(self._members()):
            if number in self._entries_by_number:
                yield self._entries_by_number[number], functools.partial(_extract, archive, member)

    def read_tables(self) -> Iterator[tuple[Entry, bytes]]:
        """Yield the tables and the text files that may be lists, with their bytes."""
        yield from (one for one in self._tables if self.is_table_or_list(one[0]))

    def _members(self) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        try:
            with _BoundedReader(self._path, self) as file, tarfile.open(fileobj=file, mode="r:") as archive:
                offset = -1
                for member in archive:
                    if member.size < 0 or member.offset <= offset:  # it would be read for ever
                        raise self.damaged()
                    offset = member.offset
                    yield archive, member
                    archive.members = []  # type: ignore[attr-defined]  # otherwise it keeps all of them
        except DAMAGED_DATA as error:
            raise self.damaged() from error

    def _list(self, number: int, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        (name,) = decode_names([member.name.encode("utf-8", "surrogateescape")])
        entry = self.add(name, member.size, _find_tar_rejection(member))
        if entry is not None:
            self._entries_by_number[number] = entry
            listed = may_be_list(entry) and self._list_bytes + entry.size <= ALL_LISTS_BYTES
            self._list_bytes += entry.size if listed else 0
            if listed or self.is_table(entry):
                with _extract(archive, member) as file:
                    self._tables.append((entry, file.read(TABLE_BYTES)))


class _BoundedReader(io.RawIOBase):
    """The unpacked bytes of a tar, within its limits.

    Raises:
        ArchiveError: It exceeds them.
    """

    def __init__(self, path: Path, source: Source) -> None:
        with path.open("rb") as file:
            head = file.read(6)
        opener = next((opener for magic, opener in OPENERS.items() if head.startswith(magic)), None)
        self._file: IO[bytes] = path.open("rb") if opener is None else opener(path, "rb")
        self._packed = max(1, path.stat().st_size)
        self._source = source

    def close(self) -> None:
        self._file.close()
        super().close()

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= TAR_READ_BYTES:
            raise self._source.damaged()
        data = self._file.read(size)
        self._check()
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_SET and offset > self._source.limits.total_bytes:
            raise self._source.too_large()
        position = self._file.seek(offset, whence)
        self._check()
        return position

    def tell(self) -> int:
        return self._file.tell()

    def _check(self) -> None:
        limits, unpacked = self._source.limits, self._file.tell()
        if unpacked > limits.total_bytes:
            raise self._source.too_large()
        if unpacked > max(limits.ratio_from_bytes, limits.ratio * self._packed):
            raise ArchiveError(
                f"{self._source.title} grows more than {limits.ratio:g} times when unpacked, like a zip bomb.",
                "Pack the images again, as a zip.",
            )


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    if file is None:
        raise tarfile.ReadError(member.name)
    return file


def _find_tar_rejection(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return rejection_messages.LINK
    return "" if member.isreg() and not member.sparse else rejection_messages.NOT_A_FILE


def _known_names(infos: Sequence[zipfile.ZipInfo]) -> list[str | None]:
    """Give the names by the UTF-8 flag or the Unicode path field; None for those that do not declare their encoding."""
    return [info.orig_filename if info.flag_bits & UTF8_FLAG else _unicode_path(info) for info in infos]


def _unicode_path(info: zipfile.ZipInfo) -> str | None:
    """Give the name in the Info-ZIP Unicode Path extra field (0x7075), if it belongs to the name in the header.

    The field holds a version, the CRC-32 of the header's name, and the name in UTF-8 (APPNOTE.TXT 6.3.10, 4.6.9).
    """
    extra = info.extra
    while len(extra) >= EXTRA_HEADER.size:
        kind, size = EXTRA_HEADER.unpack_from(extra)
        data, extra = extra[EXTRA_HEADER.size :][:size], extra[EXTRA_HEADER.size + size :]
        if kind == UNICODE_PATH and len(data) > UNICODE_PATH_HEADER.size:
            version, crc = UNICODE_PATH_HEADER.unpack_from(data)
            if version == 1 and crc == zlib.crc32(info.orig_filename.encode("cp437")):
                with contextlib.suppress(UnicodeDecodeError):
                    return data[UNICODE_PATH_HEADER.size :].decode()
    return None
