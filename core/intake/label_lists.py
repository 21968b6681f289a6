"""Lists in text files, as public sets have them: what their lines say becomes a table of files, classes and splits.

A list is read only where its lines name images: `path`, `path label`, `label path` or `id path`, with other lists of
the same folder that have the same ids (`image_class_labels.txt`, `train_test_split.txt` of CUB-200). The rules are in
`core.intake.plan`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from core.intake import rejection_messages
from core.intake.file_names import Parts, fold
from core.intake.formats import IMAGE_SUFFIXES, is_image_name, stem_of
from core.intake.guess import guess_class
from core.intake.layout import read_split_word
from core.intake.matching import PATH_END, NameIndex
from core.intake.results import Split
from core.intake.table import Table, TableError, decode_text
from core.names import clean_name

MAX_LINES: Final = 300_000
SAMPLE_LINES: Final = 2_000
SHOWN_LINE: Final = 60
# Numbers of which each names so few images are measurements, not classes.
NUMBERS_FROM: Final = 20
# Words of a list's name that do not say which division of the images it belongs to.
PLAIN_WORDS: Final = frozenset(
    (
        "list", "lists", "file", "files", "filelist", "name", "names", "label", "labels", "id", "ids", "path", "paths",
        "annotation", "annotations", "anno", "meta", "class", "classes", "image", "images", "official",
    )
)  # fmt: skip
NAME_WORDS: Final = frozenset(
    (
        "class", "classes", "classname", "classnames", "category", "categories", "label", "labels", "name", "names",
        "synset", "synsets", "words", "mapping", "species", "breeds",
    )
)  # fmt: skip
EXACT_NAME_WORDS: Final = frozenset(("class", "classes", "label", "labels", "name", "names"))
CLASS_LIST_WORDS: Final = frozenset(("classes", "classname", "classnames", "categories", "synset", "synsets"))
LABEL_WORDS: Final = frozenset(("class", "classes", "label", "labels"))
ANNOTATION_WORDS: Final = frozenset(("annotation", "annotations", "anno", "gt"))
TRUTH_WORDS: Final = LABEL_WORDS | {"truth", "groundtruth", "target", "targets"}
# At most nine digits: Python refuses to read thousands of them.
NUMBER: Final = re.compile(r"[0-9]{1,9}")
IMAGE_SUFFIX: Final = re.compile(f"(?:{'|'.join(map(re.escape, IMAGE_SUFFIXES))})(?=[\\s,;])", re.IGNORECASE)
LEADING_NUMBER: Final = re.compile(r"[0-9]{1,9}\s")


@dataclass(frozen=True)
class TextFile:
    """A text file that may be a list.

    Attributes:
        name: Its path in the source.
        folder: Parts of its folder.
        lines: Its lines, stripped; empty ones and comments are left out.
        has_gaps: Whether something was left out before the last line, so that the lines cannot be counted.
    """

    name: str
    folder: Parts
    lines: list[str]
    has_gaps: bool = False

    @property
    def words(self) -> frozenset[str]:
        """The words of its name, without the suffix."""
        return frozenset(re.findall(r"[^\W\d_]+", fold(stem_of(self.name.rsplit("/", 1)[-1]))))

    @property
    def is_table(self) -> bool:
        """Whether its first line names columns, one of which is that of the files."""
        mark = max(",;\t|", key=self.lines[0].count) if self.lines else ","
        head = Table(tuple(self.lines[0].split(mark)) if self.lines else (), [])
        return len(head.head) > 1 and bool(head.find("file")) and bool(head.find("label") or head.find("split"))


@dataclass
class ListReading:
    """What a list says about images.

    Attributes:
        file: The list.
        names: (n,) what its lines call the images.
        labels: (n,) class of each; None if it gives none.
        splits: (n,) split of each, empty for none.
        sentences: What a person should know of it.
        used_files: Names of the text files that were read for it, itself included.
    """

    file: TextFile
    names: list[str]
    labels: list[str] | None = None
    splits: list[Split | None] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    used_files: set[str] = field(default_factory=set)

    def table(self) -> Table | None:
        """Give what it says as a table; None if that is neither a class nor a split."""
        head = ["file", *(["label"] if self.labels is not None else []), *(["split"] if any(self.splits) else [])]
        if len(head) == 1:
            return None
        columns: list[Sequence[str]] = [self.names]
        if self.labels is not None:
            columns.append(self.labels)
        if any(self.splits):
            columns.append([split or "" for split in self.splits])
        return Table(tuple(head), [list(row) for row in zip(*columns, strict=True)])


def read_text(name: str, folder: Parts, data: bytes) -> TextFile | None:
    """Read the lines of a text file; None if it is no text, or too long."""
    try:
        text = decode_text(data)
    except TableError:
        return None
    if text.count("\n") > MAX_LINES:
        return None
    lines = [line.strip() for line in text.rstrip().splitlines()]
    kept = [line for line in lines if line and not line.startswith("#")]
    return TextFile(name, folder, kept, has_gaps=len(kept) < len(lines))


def read_lists(
    files: Sequence[TextFile],
    index: NameIndex,
    folder_classes: Callable[[int], str | None],
    given: Mapping[int, str],
) -> list[ListReading]:
    """Read the lists among text files.

    Args:
        files: The text files of one source.
        index: The images that they may name.
        folder_classes: The class that the folders give an image, by its index.
        given: Classes that tables give, by index of the image.

    Returns:
        A reading for each list that names images or should, also for those of no use, with a sentence that says so.
    """
    return _Reader(files, index, folder_classes, given).read()


class _Line(NamedTuple):
    """A line as the name of an image, and the rest: a label, an id, or nothing."""

    name: str
    rest: str


class _Reader:
    def __init__(
        self,
        files: Sequence[TextFile],
        index: NameIndex,
        folder_classes: Callable[[int], str | None],
        given: Mapping[int, str],
    ) -> None:
        self._files = files
        self._index = index
        self._folder_classes = folder_classes
        self._given = given
        self._lists: list[ListReading] = []
        # The id of each line of the lists that give ids.
        self._ids: dict[str, list[str]] = {}
        # Lists whose classes are numbers.
        self._numbered: list[ListReading] = []
        # The image of each line of a list; None for none, or several.
        self._images: dict[str, list[int | None]] = {}

    def read(self) -> list[ListReading]:
        self._read_lines()
        self._join_ids()
        for reading in self._lists:
            self._images[reading.file.name] = [self._find(name, reading.file) for name in reading.names]
            reading.used_files.add(reading.file.name)
            if not reading.splits:
                reading.splits = [self._split_of(reading.file)] * len(reading.names)
        self._drop_placeholders()
        self._name_numbers()
        self._prefer_folders()
        self._drop_contradictions()
        self._drop_divisions()
        self._note_unnamed_numbers()
        used = {name for one in self._lists for name in one.used_files}
        orphans = [_explain_orphan(file) for file in self._files if file.name not in used and _is_orphan(file)]
        return self._lists + orphans

    def _read_lines(self) -> None:
        """Find the lists, and the class in the rest of their lines, for lists of one kind in one folder together."""
        alike: dict[tuple[Parts, str, int], list[tuple[ListReading, list[str]]]] = defaultdict(list)
        for file in self._files:
            kind, lines = _divide(file, self._index)
            if not lines:
                continue
            reading, rests = ListReading(file, [line.name for line in lines]), [line.rest for line in lines]
            self._lists.append(reading)
            if kind == "last first" and len(set(rests)) == len(rests):
                self._ids[file.name] = rests
            elif kind != "whole":
                widths = {len(rest.split()) for rest in rests}
                alike[file.folder, kind, widths.pop() if len(widths) == 1 else 0].append((reading, rests))
        for together in alike.values():
            self._read_classes(together)

    def _read_classes(self, together: Sequence[tuple[ListReading, list[str]]]) -> None:
        images = [self._find(name, reading.file) for reading, _ in together for name in reading.names]
        folders = [None if image is None else self._folder_classes(image) for image in images]
        everything = [rest for _, rests in together for rest in rests]
        pairs_of_images = 2 * sum(map(is_image_name, everything)) > len(everything)
        labels = None if pairs_of_images else _find_labels(everything, folders)
        start = 0
        for reading, rests in together:
            end = start + len(rests)
            found = len(set(images[start:end]) - {None})
            if labels is not None:
                reading.labels = labels[start:end]
            elif _are_measurements(rests):
                self._lists.remove(reading)
            else:
                line = _shorten(reading.file.lines[0])
                reading.sentences.append(rejection_messages.LIST_UNCLEAR.format(images=found, line=line))
                reading.splits = [None] * len(rests)
            start = end

    def _find(self, name: str, file: TextFile) -> int | None:
        match = self._index.find(name, file.folder)
        return None if match is None or match.index < 0 else match.index

    def _join_ids(self) -> None:
        """Join the lists of ids and paths with the other lists of their folder that have the same ids."""
        for reading in [one for one in self._lists if one.file.name in self._ids]:
            file, ids = reading.file, self._ids[reading.file.name]
            known = set(ids)
            for other in self._files:
                if other is not file and other.folder == file.folder and other.name not in self._ids:
                    if not _has_ids([re.split(r"[\s,;]+", line) for line in other.lines[:SAMPLE_LINES]], known):
                        continue
                    cells = [re.split(r"[\s,;]+", line) for line in other.lines]
                    if _has_ids(cells, known) and _join(reading, other, ids, cells):
                        reading.used_files.add(other.name)
            self._lists = [one for one in self._lists if one.file.name not in reading.used_files]

    def _split_of(self, file: TextFile) -> Split | None:
        """Give the split that a list's name says, if it says nothing else that another list does not say, too."""
        found = read_split_word(stem_of(file.name.rsplit("/", 1)[-1]))
        if found is None:
            return None
        split, rest = found
        if rest <= PLAIN_WORDS:
            return split
        others = [read_split_word(stem_of(one.name.rsplit("/", 1)[-1])) for one in self._files]
        return split if any(one is not None and one[0] != split and one[1] == rest for one in others) else None

    def _drop_placeholders(self) -> None:
        """Ignore the classes of a test list that has one number in every line, while other lists have several."""
        numbered = [one for one in self._lists if one.labels is not None and _are_numbers(one.labels)]
        several = any(len(set(one.labels or ())) > 1 for one in numbered)
        for reading in numbered:
            values = set(reading.labels or ())
            if len(values) == 1 and len(reading.names) > 1 and set(reading.splits) == {"test"} and several:
                (value,) = values
                reading.labels = None
                reading.sentences.append(rejection_messages.PLACEHOLDER_TABLE.format(label=value))
        self._numbered = [one for one in numbered if one.labels is not None]

    def _name_numbers(self) -> None:
        """Replace numbers by names: of a list with ids, of folders, of a list in order, or of file names."""
        used = {label for one in self._numbered for label in one.labels or () if label}
        if not used:
            return
        found = (_agreed(self._names_by_id(), used), (self._names_of_folders(), None))
        for names, file in (*found, _agreed(self._names_in_order(used), used), (self._names_of_files(), None)):
            if used <= names.keys():
                self._rename(names, file)
                return

    def _rename(self, names: Mapping[str, str], file: TextFile | None) -> None:
        for reading in self._numbered:
            reading.labels = [names.get(label, "") for label in reading.labels or ()]
            if file is not None:
                reading.used_files.add(file.name)
        self._numbered = []

    def _prefer_folders(self) -> None:
        """Ignore the words of lists where folders give classes, unless the list's name says that it gives them."""
        for reading in self._lists:
            file = reading.file
            if file.words & (TRUTH_WORDS | NAME_WORDS | ANNOTATION_WORDS) or read_split_word(
                stem_of(file.name.rsplit("/", 1)[-1])
            ):
                continue
            pairs = set()
            for image, label in zip(self._images[file.name], reading.labels or (), strict=False):
                if image is not None and label and (folder := self._folder_classes(image)) is not None:
                    pairs.add((folder, label))
            folders, labels = ({pair[side] for pair in pairs} for side in (0, 1))
            if len(folders) > 1 and not len(pairs) == len(folders) == len(labels):
                reading.labels = None
                self._numbered = [one for one in self._numbered if one is not reading]
                reading.sentences.append(rejection_messages.LIST_BESIDE_FOLDERS.format(line=_shorten(file.lines[0])))

    def _name_files(self) -> list[TextFile]:
        """Give the lists of class names, the nearest to the numbered lists first."""
        lists = {one.file.name for one in self._lists} | {name for one in self._lists for name in one.used_files}
        found = [one for one in self._files if one.words & NAME_WORDS and one.name not in lists and one.lines]
        folders = {one.file.folder for one in self._numbered}
        return sorted(
            found, key=lambda one: (one.folder not in folders, not one.words & {"classes", "class"}, one.name)
        )

    def _names_by_id(self) -> list[tuple[dict[str, str], TextFile]]:
        found = []
        for file in self._name_files():
            cells = [re.split(r"[\s,;:]+", line, maxsplit=1) for line in file.lines]
            if all(len(row) == 2 and NUMBER.fullmatch(row[0]) for row in cells):  # noqa: PLR2004
                found.append((_distinct({str(int(key)): name for key, name in cells}), file))
        return [(names, file) for names, file in found if len(names) == len(file.lines)]

    def _names_in_order(self, used: set[str]) -> list[tuple[dict[str, str], TextFile]]:
        """Give the names by number where it is certain whether the numbers count from 0 or from 1."""
        numbers = {int(label) for label in used}
        images = {image for found in self._images.values() for image in found if image is not None}
        folders = {self._folder_classes(image) for image in images}
        found = []
        for file in self._name_files():
            if file.has_gaps or fold(file.lines[0]) in NAME_WORDS | {"id", "index"}:
                continue  # a header or a gap: which line is which number is not certain
            rows = [_divide_synset(line) for line in file.lines]
            by_number = dict(enumerate(rows))
            if min(numbers) > 0:
                if max(numbers) != len(rows):
                    continue
                by_number = {number + 1: row for number, row in by_number.items()}
            keys = any(key in folders for key, _ in rows if key)
            labels = {str(number): key if keys and key else name or key for number, (key, name) in by_number.items()}
            found.append((_distinct(labels, {str(number): row[0] for number, row in by_number.items()}), file))
        return found

    def _names_of_folders(self) -> dict[str, str]:
        return self._one_to_one(self._folder_classes)

    def _names_of_files(self) -> dict[str, str]:
        return self._one_to_one(lambda image: guess_class(self._index.name_of(image)) or None)

    def _one_to_one(self, name_of: Callable[[int], str | None]) -> dict[str, str]:
        """Give the name of each number if each has one, and no two the same; images without a name do not count."""
        names: dict[str, set[str]] = defaultdict(set)
        for reading in self._numbered:
            for label, image in zip(reading.labels or (), self._images[reading.file.name], strict=True):
                name = name_of(image) if image is not None and label else None
                if name is not None:
                    names[label].add(name)
        if any(len(one) > 1 for one in names.values()):
            return {}
        single = {label: next(iter(one)) for label, one in names.items()}
        return single if len(set(single.values())) == len(single) else {}

    def _drop_contradictions(self) -> None:
        """Ignore the classes of lists that give an image another class than another list or a table."""
        said: dict[int, dict[str, str]] = defaultdict(dict)
        for reading in self._lists:
            for image, label in zip(self._images[reading.file.name], reading.labels or (), strict=False):
                if image is not None and label:
                    said[image][reading.file.name] = label
        against: dict[str, str] = {}
        for image, labels in said.items():
            if image in self._given:
                labels = {**labels, "": self._given[image]}  # noqa: PLW2901
            if len(set(labels.values())) > 1:
                for name in labels:
                    against.setdefault(name, next(other for other in labels if labels[other] != labels[name]))
        for reading in self._lists:
            if reading.file.name in against:
                other = against[reading.file.name] or "a table"
                reading.labels = None
                reading.sentences.append(rejection_messages.LIST_CONTRADICTS.format(other=other))

    def _drop_divisions(self) -> None:
        """Ignore the splits of lists that divide the images in several ways."""
        parts = [one for one in self._lists if not _is_of_both(one.file)]
        said: dict[int, dict[str, Split]] = defaultdict(dict)
        for reading in parts:
            for image, split in zip(self._images[reading.file.name], reading.splits, strict=True):
                if image is not None and split is not None:
                    said[image][reading.file.name] = split
        against = {name for splits in said.values() if len(set(splits.values())) > 1 for name in splits}
        for reading in parts:
            if reading.file.name in against:
                reading.splits = [None] * len(reading.names)
                reading.sentences.append(rejection_messages.LIST_DIVIDES.format(lists=len(against)))
        for reading in self._lists:
            if _is_of_both(reading.file):  # trainval.txt, of which val.txt has a part
                images = self._images[reading.file.name]
                reading.splits = [
                    None if image in said else split for image, split in zip(images, reading.splits, strict=True)
                ]

    def _note_unnamed_numbers(self) -> None:
        for reading in self._numbered:
            if reading.labels is not None:
                reading.sentences.append(rejection_messages.LIST_NUMBERS)


def _agreed(found: Sequence[tuple[dict[str, str], TextFile]], used: set[str]) -> tuple[dict[str, str], TextFile | None]:
    """Give the names that all lists agree on for the used numbers; else those of lists called just classes or names."""
    complete = [(names, file) for names, file in found if used <= names.keys()]
    exact = [(names, file) for names, file in complete if file.words <= EXACT_NAME_WORDS]
    for lists in (complete, exact):
        if lists and all(_key_of(names[one]) == _key_of(lists[0][0][one]) for names, _ in lists for one in used):
            return lists[0]
    return {}, None


def _key_of(name: str) -> str:
    """Give what two spellings of a class share: the key of a synset, or the folded name."""
    return _divide_synset(name)[0] or fold(name)


def _join(reading: ListReading, other: TextFile, ids: Sequence[str], cells: Sequence[Sequence[str]]) -> bool:
    """Add the class or the split of each id that another list gives; return whether it gives one.

    An id with several values has none, and a second list of classes or splits that says something else counts for none.
    """
    values: dict[str, str] = {}
    several: set[str] = set()
    for key, value, *_ in cells:
        if values.setdefault(key, value) != value:
            several.add(key)
    told = ["" if key in several else values.get(key, "") for key in ids]
    if {"train", "test"} <= other.words and set(told) <= {"0", "1", ""}:  # is training
        names: dict[str, Split] = {"1": "train", "0": "test"}
        splits = [names.get(cell) for cell in told]
        if any(reading.splits) and reading.splits != splits:
            reading.sentences.append(rejection_messages.LIST_DIVIDES.format(lists=2))
            splits = [None] * len(ids)
        reading.splits = splits
    elif other.words & LABEL_WORDS and not _names_classes(other) and not other.words & {"train", "test"}:
        if reading.labels is not None and reading.labels != told:
            reading.sentences.append(rejection_messages.LIST_CONTRADICTS.format(other=other.name))
            told = [""] * len(ids)
        reading.labels = told
    else:
        return False
    if several & set(ids):
        sentence = rejection_messages.LIST_SEVERAL_VALUES.format(other=other.name, images=len(several & set(ids)))
        reading.sentences.append(sentence)
    return True


def _is_orphan(file: TextFile) -> bool:
    """Whether a text file holds classes by number, or by number of the image, as of a list that is not there."""
    cells = [line.split() for line in file.lines]
    numbers = all(len(row) <= 2 and all(map(NUMBER.fullmatch, row)) for row in cells)  # noqa: PLR2004
    return len(cells) > 1 and numbers and bool(file.words & TRUTH_WORDS)


def _explain_orphan(file: TextFile) -> ListReading:
    sentence = rejection_messages.LIST_WITHOUT_FILES.format(line=_shorten(file.lines[0]))
    return ListReading(file, [], sentences=[sentence], used_files={file.name})


def _divide(file: TextFile, index: NameIndex) -> tuple[str, list[_Line]]:
    """Divide the lines into name and rest, in the way in which most of them name images; no lines if none does.

    Names with the suffix of an image count before others, so that ids are no file names.
    """
    tabs = sum("\t" in line for line in file.lines)
    commas = sum("," in line for line in file.lines)
    mark = "\t" if 2 * tabs > len(file.lines) else "," if commas == len(file.lines) else None
    # Ties go to the earlier way; ids and classes in front are numbers.
    ways: dict[str, Callable[[str], _Line]] = {
        "whole": lambda line: _Line(line, ""),
        "first": lambda line: _Line(*_cut(line.split(mark, 1))),
        "last": lambda line: _Line(*_cut(line.rsplit(mark, 1))),
        "suffix": _cut_after_suffix,
        "last first": lambda line: _Line(*_cut(line.split(mark, 1))[::-1]),
    }
    sample = file.lines[:: max(1, len(file.lines) // SAMPLE_LINES)]
    best, most = "", (0, 0, 0)
    for way in sorted(ways, key=lambda way: way == "last first" and not all(map(LEADING_NUMBER.match, sample))):
        matches = [(name, index.find(name, file.folder)) for name in (ways[way](line).name for line in sample)]
        found = [(name, match.grade != PATH_END) for name, match in matches if match is not None]
        count = (sum(is_image_name(name) for name, _ in found), sum(whole for _, whole in found), len(found))
        if 2 * len(found) >= len(sample) and count > most:
            best, most = way, count
    is_doubtful = best != "whole" and not most[0]
    if not best or (is_doubtful and (len(file.lines) < 2 or _names_classes(file))):  # noqa: PLR2004
        return "", []
    return best, [ways[best](line) for line in file.lines]


def _names_classes(file: TextFile) -> bool:
    """Whether a list is one of classes by its name, such as `classes.txt`; `image_classes.txt` is none."""
    return bool(file.words & CLASS_LIST_WORDS) and not file.words & {"image", "images"}


def _cut(cells: Sequence[str]) -> tuple[str, str]:
    return (cells[0].strip(), cells[1].strip()) if len(cells) > 1 else (cells[0].strip(), "")


def _find_labels(rests: Sequence[str], folders: Sequence[str | None]) -> list[str] | None:
    """Give the class of each line; None if it is not clear which of its words is the class."""
    cells = [re.split(r"[\s,;]+", rest) if rest else [] for rest in rests]
    first = [row[0] if row else "" for row in cells]
    if all(folders) and list(folders) == first:
        return first
    columns = list(zip(*cells, strict=True)) if len({len(row) for row in cells}) == 1 else []
    if len(columns) == 1:
        return _number_labels(first) if any(map(_is_numeric, first)) else first
    words = [column for column in columns if not any(map(_is_numeric, column))]
    if columns and not words:
        return _number_labels(first) if _determines(columns[0], columns[1:]) and _repeat(first) else None
    if len(words) == 1 and len(columns) - len(words) > 1:  # a class and a box
        return list(words[0])
    if any(_is_numeric(row[0]) for row in cells if row) or all(len(row) < 2 for row in cells):  # noqa: PLR2004
        return None
    return list(rests) if _repeat(rests) and all(rests) else None


def _number_labels(cells: Sequence[str]) -> list[str] | None:
    """Give whole numbers as classes; None if they are measurements."""
    if not all(NUMBER.fullmatch(cell) for cell in cells):
        return None
    if len(cells) >= NUMBERS_FROM and not _repeat(cells):
        return None
    return [str(int(cell)) for cell in cells]


def _is_numeric(cell: str) -> bool:
    return re.fullmatch(r"[-+]?\d+([.,]\d+)?(e[-+]?\d+)?", cell, re.IGNORECASE) is not None


def _repeat(cells: Iterable[str]) -> bool:
    counts = Counter(cells)
    return len(counts) <= counts.total() // 2


def _determines(column: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    return all(len(set(zip(column, other, strict=True))) == len(set(column)) for other in others)


def _are_measurements(rests: Sequence[str]) -> bool:
    """Whether the lines hold several numbers and nothing else, as those of boxes and key points do."""
    return all(len(cells) > 2 and all(map(_is_numeric, cells)) for cells in map(str.split, rests))  # noqa: PLR2004


def _are_numbers(labels: Sequence[str]) -> bool:
    return any(labels) and all(NUMBER.fullmatch(label) for label in labels if label)


def _has_ids(cells: Sequence[Sequence[str]], ids: set[str]) -> bool:
    """Whether the lines are an id and a value."""
    if not cells or any(len(row) != 2 for row in cells):  # noqa: PLR2004
        return False
    return 2 * sum(row[0] in ids for row in cells) >= len(cells)


def _is_of_both(file: TextFile) -> bool:
    return bool(file.words & {"trainval", "trainvaltest"}) or {"train", "val"} <= file.words


def _divide_synset(line: str) -> tuple[str, str]:
    """Divide `n01440764 tench, Tinca tinca` into key and name; other lines have no key."""
    key, _, name = line.partition("\t") if "\t" in line else line.partition(" ")
    return (key, name.strip()) if re.fullmatch(r"n\d{8}", key) else ("", line)


def _distinct(names: Mapping[str, str], keys: Mapping[str, str] | None = None) -> dict[str, str]:
    """Add its key to each name that occurs twice, as that of the two cranes of ImageNet."""
    counts = Counter(names.values())
    return {
        number: name if counts[name] == 1 else f"{(keys or {}).get(number) or number} {name}"
        for number, name in names.items()
    }


def _cut_after_suffix(line: str) -> _Line:
    """Divide a line after the first suffix of an image, for names and classes that both have spaces."""
    found = IMAGE_SUFFIX.search(line)
    return _Line(line, "") if found is None else _Line(line[: found.end()], line[found.end() :].strip(" \t,;"))


def _shorten(line: str) -> str:
    shown = clean_name(line[:SHOWN_LINE])
    return shown if len(line) <= SHOWN_LINE else f"{shown}…"
