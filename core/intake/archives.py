"""Zip and tar archives as sources: read as streams, never unpacked by the names they contain."""

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
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from core.errors import ArchiveError
from core.intake import rejection_messages
from core.intake.layout import recover_name
from core.intake.results import Limits
from core.intake.sources import TABLE_BYTES, Entry, Opener, Source

UTF8_FLAG: Final = 0x800
ENCRYPTED_FLAG: Final = 0x1
UNIX: Final = 3
# What the list of a zip may take a file, on average; the list is held in memory as a whole.
LIST_BYTES_A_FILE: Final = 400
END_RECORD: Final = struct.Struct("<4s4H2LH")
END_RECORD_64: Final = struct.Struct("<4sQ2H2L4Q")
# The most that a tar's own headers are read at once; a hostile one says terabytes.
TAR_READ_BYTES: Final = 16 * 1024**2

DAMAGED_DATA: Final = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)
OPENERS: Final[dict[bytes, Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}


class Zip(Source):
    """A zip.

    Raises:
        ArchiveError: It is damaged, empty, protected by a password, has too many files, or is too large unpacked.
    """

    def __init__(self, path: Path, title: str, limits: Limits) -> None:
        super().__init__(title, limits)
        self._infos: list[zipfile.ZipInfo] = []
        self._check_list(path)
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
        """Every entry with what opens it."""
        for entry, info in zip(self.entries, self._infos, strict=True):
            yield entry, functools.partial(self._zip.open, info)

    def read_tables(self) -> Iterator[tuple[Entry, bytes]]:
        """The tables among the entries."""
        for entry, opener in self.read():
            if self.is_table(entry):
                with contextlib.suppress(*DAMAGED_DATA, NotImplementedError), opener() as file:
                    yield entry, file.read(TABLE_BYTES)

    def _check_list(self, path: Path) -> None:
        """Look how long the list of files is, before the standard library holds all of it in memory."""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 2**16 - 2**10))
            tail = file.read()
        at, at_64 = tail.rfind(b"PK\x05\x06"), tail.rfind(b"PK\x06\x06")
        n_bytes = 0
        if 0 <= at <= len(tail) - END_RECORD.size:
            n_bytes = END_RECORD.unpack_from(tail, at)[5]
        if n_bytes == 2**32 - 1 and 0 <= at_64 <= len(tail) - END_RECORD_64.size:
            n_bytes = END_RECORD_64.unpack_from(tail, at_64)[8]
        if n_bytes > max(2**20, self.limits.files * LIST_BYTES_A_FILE):
            raise self.too_many()

    def _list(self) -> None:
        files = [info for info in self._zip.infolist() if not info.filename.endswith("/")]
        if not files:
            raise ArchiveError(f"{self.title} is empty.", "Pack the folder that holds the images, and add it again.")
        if all(info.flag_bits & ENCRYPTED_FLAG for info in files):
            raise ArchiveError(f"{self.title} is protected by a password.", "Pack it again without one.")
        for info in files:
            if self.add(_zip_name(info), info.file_size, self._why_not_unpacked(info)) is not None:
                self._infos.append(info)

    def _why_not_unpacked(self, info: zipfile.ZipInfo) -> str:
        if info.flag_bits & ENCRYPTED_FLAG:
            return rejection_messages.PROTECTED
        if info.create_system == UNIX and stat.S_ISLNK(info.external_attr >> 16):
            return rejection_messages.LINK
        grows = info.file_size > self.limits.ratio * max(1, info.compress_size)
        if grows and info.file_size > self.limits.ratio_from_bytes:
            return rejection_messages.BOMB.format(ratio=self.limits.ratio)
        return ""


class Tar(Source):
    """A tar, plain or compressed. It is read through twice, as it has no list of its files.

    Raises:
        ArchiveError: It is damaged, empty, has too many files, or is too large or suspiciously large unpacked.
    """

    def __init__(self, path: Path, title: str, limits: Limits) -> None:
        super().__init__(title, limits)
        self._path = path
        self._at: dict[int, Entry] = {}
        self._tables: list[tuple[Entry, bytes]] = []
        n_members = 0
        for number, (archive, member) in enumerate(self._members()):
            n_members += not member.isdir()
            if not member.isdir():
                self._list(number, archive, member)
        if not n_members:
            raise ArchiveError(f"{title} is empty.", "Pack the folder that holds the images, and add it again.")
        self.check_total()

    def read(self) -> Iterator[tuple[Entry, Opener]]:
        """Every entry with what opens it."""
        for number, (archive, member) in enumerate(self._members()):
            if number in self._at:
                yield self._at[number], functools.partial(_extract, archive, member)

    def read_tables(self) -> Iterator[tuple[Entry, bytes]]:
        """The tables among the entries."""
        yield from self._tables

    def _members(self) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        try:
            with _BoundedReader(self._path, self) as file, tarfile.open(fileobj=file, mode="r:") as archive:
                offset = -1
                for member in archive:
                    if member.size < 0 or member.offset <= offset:  # it would be read for ever
                        raise self.damaged()
                    offset = member.offset
                    yield archive, member
                    archive.members = []  # type: ignore[attr-defined]  # it would keep all of them
        except DAMAGED_DATA as error:
            raise self.damaged() from error

    def _list(self, number: int, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        name = recover_name(member.name.encode("utf-8", "surrogateescape"))
        entry = self.add(name, member.size, _why_not_extracted(member))
        if entry is not None:
            self._at[number] = entry
            if self.is_table(entry):
                with _extract(archive, member) as file:
                    self._tables.append((entry, file.read(TABLE_BYTES)))


class _BoundedReader(io.RawIOBase):
    """A tar's bytes, unpacked, as far as the limits allow.

    Raises:
        ArchiveError: It goes further.
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


def _why_not_extracted(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return rejection_messages.LINK
    return "" if member.isreg() and not member.sparse else rejection_messages.NOT_A_FILE


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: without the flag for UTF-8, the standard library reads every one as cp437."""
    if info.flag_bits & UTF8_FLAG:
        return info.orig_filename
    return recover_name(info.orig_filename.encode("cp437"))
