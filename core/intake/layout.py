"""Classes and splits that folders give. The rules are in `core.intake.plan`."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

from core.intake import rejection_messages
from core.intake.file_names import Parts, fold
from core.intake.formats import is_image_name, is_table_name, stem_of
from core.intake.results import Note, Split
from core.intake.vocabulary import FILLERS, IMAGE_FOLDERS, MASK_FOLDERS, SPLIT_WORDS

# How Teachable Machine names the images of a class, perhaps as a second download.
SAMPLES: Final = re.compile(r"(.+)-samples(\s*\(\d+\))?", re.IGNORECASE)
# How it names the images of its project files.
SAMPLE_FILE: Final = re.compile(r"(.+)-!-\d+")
MASK_FILE: Final = re.compile(r"(.+?)[_-](mask|masks|segmentation|seg|gt|superpixels)([_-]?\d+)?", re.IGNORECASE)
# Levels below the root that are searched for folders of masks.
MASK_LEVELS: Final = 4
LISTED_FOLDERS: Final = 4


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
        split_from_table: Whether a table gave the split.
        group_from_table: Whether a table gave the group.
    """

    label: str | None = None
    split: Split | None = None
    group: str | None = None
    drawn: bool = False
    excluded: bool = False
    label_from_table: bool = False
    split_from_table: bool = False
    group_from_table: bool = False

    @property
    def is_from_table(self) -> bool:
        """Whether a table gave the class, the split or the group."""
        return self.label_from_table or self.split_from_table or self.group_from_table


@dataclass(frozen=True)
class Layout:
    """What the folders of a source say.

    Attributes:
        annotations: (n,) one for each path.
        notes: What a person should know, e.g. folders that are neither a class nor a split.
        masks: Indices of the images that are masks of others.
    """

    annotations: list[Annotation]
    notes: list[Note] = field(default_factory=list)
    masks: frozenset[int] = frozenset()


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
    read = read_split_word(name)
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
    masks, notes = _find_masks(images)
    pictures = [path for path in images if path not in masks]
    levels = _find_levels(pictures)
    found = [_annotate(path, levels) for path in paths]
    if levels.splits is None:
        found = [_name_samples(one, path, title) for one, path in zip(found, paths, strict=True)]
    found = [replace(one, label=None) if path in masks else one for one, path in zip(found, paths, strict=True)]
    notes = [*_note_other_folders(pictures, levels), *notes, *_note_inner_folders(pictures, levels)]
    return Layout(found, notes, frozenset(index for index, path in enumerate(paths) if path in masks))


def _find_masks(images: Sequence[Parts]) -> tuple[set[Parts], list[Note]]:
    """Give the images that are masks of others, by their folders or their names, with a note about them."""
    folders = _find_mask_folders(images)
    masks = {path for path in images if any(path[: len(folder)] == folder for folder in folders)}
    named = _find_named_masks([path for path in images if path not in masks])
    notes = [
        Note("/".join(folder), rejection_messages.MASK_FOLDER.format(images=count))
        for folder, count in sorted(folders.items())
    ]
    if named:
        text = rejection_messages.MASKS.format(images=len(named), name=named[0][-1])
        notes.append(Note("/".join(named[0][:-1]) or named[0][-1], text))
    return masks.union(named), notes


def _find_mask_folders(images: Sequence[Parts]) -> dict[Parts, int]:
    """Count the images in each folder of masks: beside a folder of images, if all folders there are of either kind."""
    beside: dict[Parts, Counter[str]] = defaultdict(Counter)
    for path in images:
        for level in range(min(MASK_LEVELS, len(path) - 1)):
            beside[path[:level]][path[level]] += 1
    found: dict[Parts, int] = {}
    for parent, names in beside.items():
        kinds = {name: _fold_words(name) for name in names}
        masks = {name for name, kind in kinds.items() if kind in MASK_FOLDERS}
        if masks and len(masks) < len(names) and all(kinds[name] in IMAGE_FOLDERS for name in names.keys() - masks):
            found |= {(*parent, name): names[name] for name in masks}
    return found


def _fold_words(name: str) -> str:
    return re.sub(r"[\W_]+", "_", fold(name)).strip("_")


def _find_named_masks(images: Sequence[Parts]) -> list[Parts]:
    """Give the images that are called like the mask of an image in the same folder."""
    stems = {(*path[:-1], stem_of(path[-1])) for path in images}
    named = {path: MASK_FILE.fullmatch(stem_of(path[-1])) for path in images}
    return [path for path, match in named.items() if match and (*path[:-1], match[1]) in stems]


def _note_inner_folders(images: Sequence[Parts], levels: _Levels) -> list[Note]:
    """Name the first class that has several folders inside, which may be meant as classes."""
    inner: dict[Parts, set[str]] = defaultdict(set)
    for path in images:
        split = path[levels.splits] if levels.splits is not None and len(path) > levels.splits else ""
        level = levels.label[""] if "" in levels.label else levels.label.get(split)
        if level is None or len(path) <= level + 2:
            continue
        if levels.splits is None or levels.splits < level:
            inner[path[: level + 1]].add(path[level + 1])
    several = {folder: sorted(names) for folder, names in sorted(inner.items()) if len(names) > 1}
    if not several:
        return []
    first, names = next(iter(several.items()))
    listed = ", ".join(names[:LISTED_FOLDERS]) + (", ..." if len(names) > LISTED_FOLDERS else "")
    if len(several) == 1:
        return [Note("/".join(first), rejection_messages.INNER_FOLDERS.format(folders=listed))]
    sentence = rejection_messages.INNER_FOLDERS_OF_SEVERAL.format(folders=listed, more=len(several) - 1)
    return [Note("/".join(first), sentence)]


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
        read = read_split_word(name)
        if read is not None:
            by_rest[read[1]][name] = read[0]
    if not by_rest:
        return {}
    everything = {name: split for group in by_rest.values() for name, split in group.items()}
    if frozenset() in by_rest and everything.keys() == folders.keys() and len(set(everything.values())) > 1:
        return everything
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
    found: dict[str, int | None] = dict(levels)
    classes = {one.casefold() for inner in inside.values() if len(inner) > 1 for one in inner}
    for name, inner in inside.items():  # test/images/1.jpg beside train/ants/2.jpg and train/bees/3.jpg
        if classes and len(inner) == 1 and {one.casefold() for one in inner} <= IMAGE_FOLDERS - classes:
            found[name] = None
    return found


def _is_same_split(name: str, split: Split) -> bool:
    read = read_split_word(name)
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


def _name_samples(found: Annotation, path: Parts, title: str) -> Annotation:
    """Give the class of Teachable Machine's downloads, by the folder, the file or else by the archive."""
    sample = SAMPLE_FILE.fullmatch(stem_of(path[-1]))
    if found.label is None and sample is not None and is_image_name(path[-1]):
        return Annotation(sample[1].strip())
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


def read_split_word(name: str) -> tuple[Split, frozenset[str]] | None:
    """Give the split that a name contains, and its other words; None if it names none, or two other than train_val."""
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
