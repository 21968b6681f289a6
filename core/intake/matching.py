"""Which file a name in a table means."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.intake.file_names import Parts
from core.intake.formats import stem_of

EXACT, FOLDED, PATH_END = range(3)
SEVERAL: Final = -1
# Names that more files than this share are not searched further.
MOST_CANDIDATES: Final = 1_000
# `4f2a90c1-oak.jpg`
LABEL_STUDIO: Final = re.compile(r"[0-9a-f]{8}-(.+)")
DRIVE: Final = re.compile(r"^[A-Za-z]:")


@dataclass(frozen=True)
class Match:
    """The file that a name means.

    Attributes:
        index: Of the file; `SEVERAL` if the name could mean several files.
        grade: How it was found, the best first: `EXACT`, `FOLDED` (in another case) or `PATH_END`.
    """

    index: int
    grade: int


@dataclass(frozen=True)
class _File:
    """A file by its path, and without its suffix."""

    index: int
    parts: Parts
    folded: Parts
    stem: str
    folded_stem: str


class NameIndex:
    """Finds the files that names mean.

    Args:
        paths: Parts of each file's path, by index of the file.
    """

    def __init__(self, paths: Mapping[int, Parts]) -> None:
        self._paths = paths
        self._by_name: dict[str, list[_File]] = defaultdict(list)
        self._by_folder: dict[tuple[str, str], list[_File]] = defaultdict(list)
        for index, parts in paths.items():
            stem = stem_of(parts[-1])
            file = _File(index, parts, tuple(map(str.casefold, parts)), stem, stem.casefold())
            for name in {file.folded[-1], file.folded_stem}:
                self._by_name[name].append(file)
                if len(parts) > 1:
                    self._by_folder[file.folded[-2], name].append(file)

    def name_of(self, index: int) -> str:
        """Give the name of a file, without its folders."""
        return self._paths[index][-1]

    def find(self, name: str, folder: Parts = ()) -> Match | None:
        """Find the file that a name means.

        In this order: the file of exactly this path, or of a path that ends so; the same in another case; the file
        whose path has the longest end in common with the name. A name may lack the file's suffix. Where several files
        fit equally well, those in the table's folder come first. A name that no file has is tried without the mark that
        Label Studio puts before the names of uploads.

        Args:
            name: As the table has it: a path of any system, absolute or not.
            folder: Parts of the table's folder.

        Returns:
            The file, `SEVERAL` files, or None.
        """
        wanted = split_name(name)
        if not wanted:
            return None
        found = self._find(wanted, folder)
        upload = LABEL_STUDIO.fullmatch(wanted[-1])
        return found or (self._find((*wanted[:-1], upload[1]), folder) if upload else None)

    def _find(self, wanted: Parts, folder: Parts) -> Match | None:
        folded = tuple(map(str.casefold, wanted))
        files = self._candidates(folded)
        if len(files) > MOST_CANDIDATES:
            return Match(SEVERAL, PATH_END)
        for parts, is_folded in ((wanted, False), (folded, True)):
            for with_suffix in (True, False):
                fitting = [file for file in files if _common_end(file, parts, is_folded, with_suffix) == len(parts)]
                if fitting:
                    return Match(_choose(fitting, parts, folder, is_folded), FOLDED if is_folded else EXACT)
        lengths = {
            file.index: max(_common_end(file, folded, True, suffix) for suffix in (True, False)) for file in files
        }
        longest = [file for file in files if lengths[file.index] == max(lengths.values())]
        if not longest:
            return None
        return Match(_choose(longest, wanted, folder, is_folded=False), PATH_END)

    def _candidates(self, folded: Parts) -> Sequence[_File]:
        """Give the files of the same name; if there are any, only those that are in a folder of the same name."""
        if len(folded) > 1:
            inside = self._by_folder.get((folded[-2], folded[-1]))
            if inside:
                return inside
        return self._by_name.get(folded[-1], ())


def split_name(name: str) -> Parts:
    """Split a path of any system, absolute or not; drives, `.` and `..` are dropped."""
    path = DRIVE.sub("", unicodedata.normalize("NFC", name).replace("\\", "/"))
    return tuple(part for part in path.split("/") if part not in ("", ".", ".."))


def _common_end(file: _File, wanted: Parts, is_folded: bool, with_suffix: bool) -> int:
    """Count the parts that the end of a file's path has in common with the end of a name."""
    parts = file.folded if is_folded else file.parts
    stem = file.folded_stem if is_folded else file.stem
    last = parts[-1] if with_suffix else stem
    if last != wanted[-1]:
        return 0
    count = 1
    while count < min(len(parts), len(wanted)) and parts[-1 - count] == wanted[-1 - count]:
        count += 1
    return count


def _choose(files: Sequence[_File], wanted: Parts, folder: Parts, is_folded: bool) -> int:
    """Give the only file, or the only one in the table's folder or below it."""
    if len(files) == 1:
        return files[0].index
    for length in (len(folder) + len(wanted), None):
        near = [
            file
            for file in files
            if file.parts[: len(folder)] == folder and (length is None or len(file.parts) == length)
        ]
        if len(near) == 1:
            return near[0].index
    exact = [file for file in files if not is_folded and file.parts[-1] == wanted[-1]]
    return exact[0].index if len(exact) == 1 else SEVERAL
