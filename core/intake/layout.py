"""Classes and splits that folders give. The rules are in `core.intake.plan`."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from core.intake import rejection_messages
from core.intake.file_names import Parts, fold
from core.intake.formats import is_image_name, is_table_name
from core.intake.results import Note, Split
from core.intake.vocabulary import FILLERS, IMAGE_FOLDERS, SPLIT_WORDS

# How Teachable Machine names the images of a class, perhaps as a second download.
SAMPLES: Final = re.compile(r"(.+)-samples(\s*\(\d+\))?", re.IGNORECASE)


@dataclass(frozen=True)
class Annotation:
    """What folders, a table, a file name or a person say about an image.

    Attributes:
        label: Its class.
        split: Its split.
        group: Images of one group stay in one split.
        drawn: Whether the split was drawn and may be drawn again; False for a fixed split.
        excluded: Whether the image is excluded from training.
        label_from_table: Whether a table gave the class.
    """

    label: str | None = None
    split: Split | None = None
    group: str | None = None
    drawn: bool = False
    excluded: bool = False
    label_from_table: bool = False


@dataclass(frozen=True)
class Layout:
    """What the folders of a source say.

    Attributes:
        annotations: (n,) one for each path.
        notes: What a person should know, e.g. folders that are neither a class nor a split.
    """

    annotations: list[Annotation]
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True)
class _Levels:
    """Where in a path the split and the class are.

    Attributes:
        splits: Level of the split folders; None for none.
        label: Level of the class folders, by split folder; "" stands for all where splits are not above the classes.
        split_of: The split of each folder of the split level.
    """

    splits: int | None
    label: Mapping[str, int | None]
    split_of: Mapping[str, Split]


def read_split(name: str) -> Split | None:
    """Give the split that a word means, e.g. `training_set` or `Test `; None for none."""
    read = _read_split_word(name)
    return read[0] if read is not None and not read[1] else None


def read_layout(paths: Sequence[Parts], title: str = "") -> Layout:
    """Read classes and splits off the folders.

    Args:
        paths: (n,) parts of each file's path, its own name last.
        title: Name of the source, which names the class of an archive that has the one folder `samples`.
    """
    images = [path for path in paths if is_image_name(path[-1])] or [
        path for path in paths if not is_table_name(path[-1])
    ]
    levels = _find_levels(images)
    found = [_annotate(path, levels) for path in paths]
    if levels.splits is None:
        found = [_name_samples(one, title) for one in found]
    return Layout(found, _note_other_folders(images, levels))


def _find_levels(images: Sequence[Parts]) -> _Levels:
    """Go down the wrapping folders, to the first level that has splits or classes."""
    level = 0
    while True:
        folders = _group(images, level)
        split_of = _find_splits(folders, level)
        if split_of:
            return _Levels(level, _find_label_levels(folders, split_of, level), split_of)
        if not _is_wrapper(folders, level):
            break
        level += 1
    inner = _find_inner_splits(folders, level)
    return _Levels(level + 1 if inner else None, {"": level if folders else None}, inner)


def _group(images: Sequence[Parts], level: int) -> dict[str, list[Parts]]:
    """Group images by their folder at a level; those that lie in no folder of it are left out."""
    folders: dict[str, list[Parts]] = defaultdict(list)
    for path in images:
        if len(path) > level + 1:
            folders[path[level]].append(path)
    return dict(folders)


def _is_wrapper(folders: Mapping[str, Sequence[Parts]], level: int) -> bool:
    """Whether there is one folder, most images of which lie in folders below it."""
    return len(folders) == 1 and all(2 * _deeper(paths, level) >= len(paths) for paths in folders.values())


def _deeper(paths: Sequence[Parts], level: int) -> int:
    return sum(len(path) > level + 2 for path in paths)


def _find_splits(folders: Mapping[str, Sequence[Parts]], level: int) -> dict[str, Split]:
    """Give the split of each folder that names one, if this is a level of splits."""
    by_rest: dict[frozenset[str], dict[str, Split]] = defaultdict(dict)
    for name in folders:
        read = _read_split_word(name)
        if read is not None:
            by_rest[read[1]][name] = read[0]
    if not by_rest:
        return {}
    rest, found = max(by_rest.items(), key=lambda one: (len(set(one[1].values())), not one[0], len(one[1])))
    if len(set(found.values())) > 1:
        return found
    others = [paths for name, paths in folders.items() if name not in found]
    has_classes = all(_deeper(folders[name], level) for name in found)
    if not others:
        return found if has_classes or not rest else {}
    return found if has_classes and not any(_deeper(paths, level) for paths in others) else {}


def _find_inner_splits(folders: Mapping[str, Sequence[Parts]], level: int) -> dict[str, Split]:
    """Give the splits below the classes (`ants/train/1.jpg`), if every image lies in one and they name two or more."""
    images = [path for paths in folders.values() for path in paths]
    names = {path[level + 1] if len(path) > level + 2 else "" for path in images}
    found = {name: split for name in names if (split := read_split(name))}
    return found if found.keys() == names and len(set(found.values())) > 1 else {}


def _find_label_levels(
    folders: Mapping[str, Sequence[Parts]], split_of: Mapping[str, Split], level: int
) -> dict[str, int | None]:
    """Give the level of the class folders below each split folder; None where they hold no classes."""
    levels = {}
    for name, split in split_of.items():
        below = level + 1
        inner = _group(folders[name], below)
        while len(inner) == 1 and _is_same_split(next(iter(inner)), split):  # seg_train/seg_train/...
            below += 1
            inner = _group(folders[name], below)
        levels[name] = below
    inside = {name: _group(folders[name], below) for name, below in levels.items()}
    if all(len(inner) == 1 for inner in inside.values()):
        if all(_is_wrapper(inner, levels[name]) for name, inner in inside.items()):
            return {name: below + 1 for name, below in levels.items()}
        if {name.casefold() for inner in inside.values() for name in inner} <= IMAGE_FOLDERS:
            return dict.fromkeys(levels)
    return dict(levels)


def _is_same_split(name: str, split: Split) -> bool:
    read = _read_split_word(name)
    return read is not None and read[0] == split


def _annotate(path: Parts, levels: _Levels) -> Annotation:
    folders = path[:-1]
    if levels.splits is None:
        return Annotation(_label_at(folders, levels.label[""]))
    name = folders[levels.splits] if len(folders) > levels.splits else ""
    split = levels.split_of.get(name)
    if "" in levels.label:
        return Annotation(_label_at(folders, levels.label[""]), split)
    return Annotation(_label_at(folders, levels.label[name]) if split else None, split)


def _label_at(folders: Parts, level: int | None) -> str | None:
    return folders[level].strip() or None if level is not None and len(folders) > level else None


def _name_samples(found: Annotation, title: str) -> Annotation:
    """Give the class of Teachable Machine's downloads, by the folder or else by the archive."""
    stem = PurePosixPath(title).stem
    if found.label is not None and found.label.casefold() != "samples":
        named = SAMPLES.fullmatch(found.label)
        return Annotation(named[1].strip()) if named else found
    named = SAMPLES.fullmatch(stem)
    if named:
        return Annotation(named[1].strip())
    return found if found.label is None else Annotation(stem)


def _note_other_folders(images: Sequence[Parts], levels: _Levels) -> list[Note]:
    """Name the folders beside the splits that are no split."""
    if levels.splits is None or "" in levels.label:
        return []
    others = Counter(
        path[levels.splits]
        for path in images
        if len(path) > levels.splits + 1 and path[levels.splits] not in levels.split_of
    )
    return [Note(name, rejection_messages.OTHER_FOLDER.format(images=count)) for name, count in sorted(others.items())]


def _read_split_word(name: str) -> tuple[Split, frozenset[str]] | None:
    """Give the split that a name contains, and its other words; None if it names none, or two."""
    splits: set[Split] = set()
    rest = set()
    for word in re.findall(r"[^\W\d_]+", fold(name)):
        split = _find_split_word(word)
        if split is not None:
            splits.add(split)
        elif word not in FILLERS:
            rest.add(word)
    if splits == {"train", "validation"}:
        splits = {"train"}  # train_val
    return (splits.pop(), frozenset(rest)) if len(splits) == 1 else None


def _find_split_word(word: str) -> Split | None:
    """Give the split of a word, with or without a filler before or behind it."""
    candidates = [word]
    for filler in FILLERS:
        candidates += [word.removesuffix(filler), word.removeprefix(filler)]
    return next((SPLIT_WORDS[one] for one in candidates if one in SPLIT_WORDS), None)
