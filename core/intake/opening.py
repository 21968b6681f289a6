"""Open paths as sources, by their content rather than their names."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from core.errors import ArchiveError
from core.intake.archives import OPENERS
from core.intake.formats import ARCHIVE_SUFFIXES, is_table_name, suffix_of
from core.intake.results import Limits, Rejected
from core.intake.sandboxed_archive import SandboxedArchive
from core.intake.sources import Files, Folder, Source

ZIP_MAGICS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
TAR_MAGIC: Final = (257, b"ustar")
ZIP_SUFFIXES: Final = frozenset((".zip", ".tm"))
TAR_SUFFIXES: Final = frozenset(ARCHIVE_SUFFIXES) - ZIP_SUFFIXES
UNREADABLE_MAGICS: Final = {b"7z\xbc\xaf\x27\x1c": "a 7z archive", b"Rar!\x1a\x07": "a RAR archive"}


def open_sources(
    paths: Sequence[Path | Source],
    limits: Limits,
    should_stop: Callable[[], bool] | None = None,
    coding: str | None = None,
) -> tuple[list[Source], list[Rejected]]:
    """Open and list sources; single files become one source.

    Args:
        paths: Archives, folders, single files and opened sources, in any mix.
        limits: Limits of each source.
        should_stop: Whether a person asked to stop while an archive is listed.
        coding: Encoding of names in zips that do not declare theirs; None to guess it.

    Returns:
        The sources, and those of several archives and folders that cannot be used as a whole.

    Raises:
        ArchiveError: The only path cannot be used as a whole.
        RunStopped: A person asked to stop.
    """
    sources: list[Source] = []
    rejected: list[Rejected] = []
    singles: list[Path] = []
    for path in paths:
        if isinstance(path, Source):
            sources.append(path)
            continue
        try:
            source = _open(path, limits, should_stop, coding)
        except ArchiveError as error:
            if len(paths) == 1:
                raise
            rejected.append(Rejected(path.name, error.sentence))
            continue
        if source is None:
            singles.append(path)
        else:
            sources.append(source)
    if singles:
        sources.append(Files(singles, limits))
    return sources, rejected


def _open(path: Path, limits: Limits, should_stop: Callable[[], bool] | None, coding: str | None) -> Source | None:
    """Open an archive or a folder; None for a single file."""
    if path.is_dir():
        return Folder(path, limits)
    try:
        with path.open("rb") as file:
            head = file.read(TAR_MAGIC[0] + len(TAR_MAGIC[1]))
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror}.") from error
    for magic, kind in UNREADABLE_MAGICS.items():
        if head.startswith(magic):
            raise ArchiveError(f"{path.name} is {kind}, which cannot be read here.", "Pack it as a zip instead.")
    suffix = suffix_of(path.name)
    if is_table_name(path.name):  # an Excel file is a zip, too
        return None
    if suffix in ZIP_SUFFIXES or head.startswith(ZIP_MAGICS):
        return SandboxedArchive(path, path.name, "zip", limits, should_stop, {"coding": coding})
    if suffix in TAR_SUFFIXES or head.startswith(tuple(OPENERS)) or head[TAR_MAGIC[0] :] == TAR_MAGIC[1]:
        return SandboxedArchive(path, path.name, "tar", limits, should_stop)
    return None
