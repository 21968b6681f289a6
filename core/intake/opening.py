"""Which kind of source a path is: by what it contains rather than by its name."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from core.errors import ArchiveError
from core.intake.archives import OPENERS
from core.intake.results import Limits, Rejected
from core.intake.sandboxed_archive import SandboxedArchive
from core.intake.sources import TABLE_SUFFIXES, Files, Folder, Source

ZIP_MAGICS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
TAR_MAGIC: Final = (257, b"ustar")
TAR_SUFFIXES: Final = frozenset((".tar", ".tgz", ".gz", ".bz2", ".xz", ".tbz2", ".txz"))
UNREADABLE_MAGICS: Final = {b"7z\xbc\xaf\x27\x1c": "a 7z archive", b"Rar!\x1a\x07": "a RAR archive"}


def open_sources(
    paths: Sequence[Path | Source], limits: Limits, should_stop: Callable[[], bool] | None = None
) -> tuple[list[Source], list[Rejected]]:
    """List what was given; single files become one source.

    Args:
        paths: Archives, folders, single files and sources that were opened already, in any mix.
        limits: How far each may go.
        should_stop: Whether a person asked to stop while an archive is listed.

    Returns:
        The sources, and archives and folders among several that cannot be used as a whole.

    Raises:
        ArchiveError: The only path cannot be used as a whole.
        RunStopped: A person asked to stop.
    """
    sources: list[Source] = []
    refused: list[Rejected] = []
    singles: list[Path] = []
    for path in paths:
        if isinstance(path, Source):
            sources.append(path)
            continue
        try:
            source = _open(path, limits, should_stop)
        except ArchiveError as error:
            if len(paths) == 1:
                raise
            refused.append(Rejected(path.name, error.sentence))
            continue
        if source is None:
            singles.append(path)
        else:
            sources.append(source)
    if singles:
        sources.append(Files(singles, limits))
    return sources, refused


def _open(path: Path, limits: Limits, should_stop: Callable[[], bool] | None) -> Source | None:
    """None for a single file."""
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
    suffix = path.suffix.lower()
    if suffix in TABLE_SUFFIXES:  # an Excel file is a zip, too
        return None
    if suffix == ".zip" or head.startswith(ZIP_MAGICS):
        return SandboxedArchive(path, path.name, "zip", limits, should_stop)
    if suffix in TAR_SUFFIXES or head.startswith(tuple(OPENERS)) or head[TAR_MAGIC[0] :] == TAR_MAGIC[1]:
        return SandboxedArchive(path, path.name, "tar", limits, should_stop)
    return None
