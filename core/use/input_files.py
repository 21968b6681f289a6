"""Lists the files to classify: of folders and archives those that may be images, and single files as they are.

Every file that is listed gets a prediction or a reason why there is none. Files of archives are unpacked one by one
into scratch files; files on this machine are read where they are.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from core.errors import ArchiveError, ImageError
from core.intake import rejection_messages
from core.intake.decode_rgb import RAW_SUFFIXES
from core.intake.file_names import unique_name
from core.intake.formats import is_image_name, suffix_of
from core.intake.ingestion import unpack_file
from core.intake.opening import open_sources
from core.intake.results import Limits
from core.intake.sources import Files, Folder, Source

# What people call pictures but no decoder here reads: they get a reason instead of being skipped.
VIDEO_SUFFIXES: Final = frozenset((".mp4", ".mov", ".avi", ".mkv", ".m4v", ".webm", ".mts", ".3gp", ".wmv"))
NO_IMAGE: Final = "There is no image in it."
# A folder on this machine is the person's own, whatever its size; archives keep the limits of an ingestion.
FOLDER_LIMITS: Final = Limits(files=100_000_000, total_bytes=1 << 60)


@dataclass(frozen=True)
class InputFile:
    """A file to classify.

    Attributes:
        name: Its path, as it stands in the table; no two are equal.
        path: Where its bytes are; None if it cannot be read.
        rejection: Why it cannot be read; empty if it can.
        is_scratch: Whether `path` is a copy that may be removed or moved away.
    """

    name: str
    path: Path | None
    rejection: str = ""
    is_scratch: bool = False

    @property
    def suffix(self) -> str:
        """The suffix in lower case, e.g. `.jpg`."""
        return suffix_of(self.name)


@dataclass(frozen=True)
class _Listed:
    """A source with the names of its files; None as source for a path that could not be opened, or has no image."""

    source: Source | None
    names: dict[int, str]
    rejected: list[InputFile]
    is_empty: bool = False


class InputFiles:
    """The files of several paths, in order; a context manager that removes its scratch files.

    Args:
        paths: Folders, archives and single files.
        root: Names in the table are relative to it where a path lies below; None for names as they were given.
        should_stop: Whether a person asked to stop while an archive is listed.
        scratch: Folder for unpacked files; None for the system's.

    Raises:
        ImageError: None of the paths has a file that may be an image.
        RunStopped: A person asked to stop.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        root: Path | None = None,
        should_stop: Callable[[], bool] | None = None,
        scratch: Path | None = None,
    ) -> None:
        paths = list(dict.fromkeys(paths))
        self._used: set[str] = set()
        self._scratch = scratch
        self._root = root
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as opened:
            self._listed = [self._list(path, opened, should_stop) for path in paths]
            if all(one.is_empty for one in self._listed):
                raise ImageError(f"There is no image in {self._describe(paths)}.", "Name another one.")
            self._stack = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __len__(self) -> int:
        """Number of files."""
        return sum(len(one.names) + len(one.rejected) for one in self._listed)

    def read(self, is_done: Callable[[str], bool] = lambda _name: False) -> Iterator[InputFile]:
        """Yield every file; those of archives are unpacked when they are asked for.

        Args:
            is_done: Whether a file, by its name, is skipped.
        """
        folder = tempfile.TemporaryDirectory(prefix="graft-predict-", dir=self._scratch)
        scratch = Path(self._stack.enter_context(folder))
        for listed in self._listed:
            yield from (file for file in listed.rejected if not is_done(file.name))
            if isinstance(listed.source, Folder):
                for index, name in listed.names.items():
                    if not is_done(name):
                        yield InputFile(name, listed.source.paths[index])
            elif listed.source is not None:
                yield from _unpacked(listed.source, listed.names, scratch, is_done)

    def _list(self, path: Path, opened: contextlib.ExitStack, should_stop: Callable[[], bool] | None) -> _Listed:
        title = self._title(path)
        limits = FOLDER_LIMITS if path.is_dir() else Limits()
        try:
            (source,), _ = open_sources([path], limits, should_stop)
        except ArchiveError as error:
            reason = str(error) if path.exists() else rejection_messages.MAY_NOT_BE_READ
            return _Listed(None, {}, [InputFile(self._unique(title), None, reason)])
        opened.enter_context(source)
        if isinstance(source, Files):
            return _Listed(
                source,
                {index: self._unique(title) for index in range(len(source.entries))},
                [InputFile(self._unique(title), None, one.reason) for one in source.rejected],
            )
        names = {
            index: self._unique(f"{title}/{entry.name}")
            for index, entry in enumerate(source.entries)
            if _may_be_image(entry.name)
        }
        rejected = [
            InputFile(self._unique(f"{title}/{one.name}"), None, one.reason)
            for one in source.rejected
            if _may_be_image(one.name)
        ]
        if not names and not rejected:
            named = [] if path == self._root else [InputFile(self._unique(title), None, NO_IMAGE)]
            return _Listed(None, {}, named, is_empty=True)
        return _Listed(source, names, rejected)

    def _title(self, path: Path) -> str:
        shown = path.relative_to(self._root) if self._root and path.is_relative_to(self._root) else path
        return os.fsencode(shown.as_posix()).decode("utf-8", "replace").rstrip("/")

    def _describe(self, paths: Iterable[Path]) -> str:
        kinds = {path: "folder" if path.is_dir() else "archive" for path in paths}
        named = [f"the {kind} {self._title(path)}" for path, kind in kinds.items() if path != self._root]
        return " or ".join(named) or "the upload"

    def _unique(self, name: str) -> str:
        return unique_name(name.removeprefix("./"), self._used)


def _may_be_image(name: str) -> bool:
    return is_image_name(name) or suffix_of(name) in RAW_SUFFIXES or suffix_of(name) in VIDEO_SUFFIXES


def _unpacked(
    source: Source, names: dict[int, str], scratch: Path, is_done: Callable[[str], bool]
) -> Iterator[InputFile]:
    for index, (_, opener) in enumerate(source.read()):
        name = names.get(index)
        if name is None or is_done(name):
            continue
        file = InputFile(name, scratch / str(index), is_scratch=True)
        assert file.path
        try:
            unpack_file(opener, file.path, source.limits)
        except ImageError as error:
            file.path.unlink(missing_ok=True)
            file = replace(file, path=None, rejection=error.sentence)
        yield file
