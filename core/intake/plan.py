"""Which class, split and group each image has, before any image is read. This page is the specification.

What counts
    Only files whose suffix is that of an image decide about folders (all files, if there is none). Names are compared
    in Unicode's composed form. Every source (an archive, a folder, a set of single files) is read by itself.

Folders
    1. A folder that is alone at its level, and most of whose images lie in folders below it, is a wrapper.
    2. A level is a level of splits if two of its folders name different splits, such as `train` and `val` (a word for a
       split, with fillers as in `training_set`, or with the same other words in each, as in `seg_train`, `seg_test`).
       All folders of a level may add different words, as `train_mini` and `val`, if one of them adds none. One split
       folder suffices if nothing lies beside it, or if only it has folders with images below it.
       Folders beside the splits that name none have no class and no split, and are noted.
    3. The folders at the first level that is neither are the classes; below splits, the next level. What lies deeper
       belongs to its class, with a note where a class has several folders inside. Images above that level have no
       class. Split folders inside every class count, too. Teachable Machine's names give the class x: a folder or an
       archive `x-samples`, and files `x-!-12.jpg` in no class folder. `images` alone in one split is no class.
    4. Masks are no images of a class: in a folder `masks` (or another word for them) beside one called `images`, and
       files such as `x_mask.png` beside `x.png`.

Tables
    5. A table needs a column that names files and any one of class, split, group or excluded. The file column is the
       most explicitly named one of those that name at least half as many files as the best one.
    6. A name means the file of exactly this path or path end, else the same in another case, else the file with the
       longest path end in common; with or without suffix; the table's own folder first. A name that fits no file, or
       several equally well, is rejected with its row. Of the rows that mean one file, those that name it best count.
    7. A table fills what it says, and nothing else: a cell that is empty leaves split and group to the folders.
    8. A table with a class column labels the smallest folder that holds it and all files it names (all sources, if it
       was given beside them). There, images that it does not name, or names without a class, have no class. It leaves
       out split folders of which it names no image, if they hold folders called like its classes (`train/oak`).
    9. Rows that disagree about an image, in one or several tables, leave it without the class, split or group in
       question, with a note.
    10. Placeholders are no classes: `?`, `unknown` and their like, unless a folder has that name; one value in all rows
       of a table that is called a submission or names only test images; numbered rows with another class in each,
       which are a list of classes; one image of each class that other tables label, by a table such as `Meta.csv`.
    11. A table that names images, but whose class column is unknown, is a question to a person. Unanswered, the images
        that rule 8 gives to it have no class. A column of zeros and ones for each class is no question.

Lists in text files
    12. A list is a text file most lines of which name an image, alone or with a class, in either order; or with an id,
        by which other lists of the folder give class and split (`image_class_labels.txt`, `train_test_split.txt`). It
        counts as a table. `train`, `val` or `test` in its name is the split of its images; one of `trainval` is train
        where no other list says more.
    13. Numbers as classes get the names of a list with these numbers; else those of the folders, where each number
        stands for one folder; else those of a list of names in order, if the numbers contain 0, or the number of the
        names (they count from 0, or from 1); else those in the file names, one for each number. Otherwise they stay,
        with a note.
    14. Of several columns, the class is the only word, or the number that all others follow from; otherwise none, with
        a note. Lists that give an image different classes, or divide the images in several ways, do not count for
        that, with a note; nor does one number for all of a test list. A name of two numbers keeps its key.

Others
    15. If there is no labelling table and at most one class, the file names may give classes, if a person agrees.
    16. A given class and group are for the images that have none by rules 1 to 14, unless a table labels their folder.
"""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final, TypeVar

from core.intake import rejection_messages
from core.intake.file_names import Parts
from core.intake.formats import ANNOTATION_SUFFIXES, is_image_name, suffix_of
from core.intake.guess import Guess, guess_classes
from core.intake.label_lists import TextFile, read_lists, read_text
from core.intake.layout import Annotation
from core.intake.matching import NameIndex
from core.intake.results import Note, Rejected, Split
from core.intake.sandboxed_table import TableReader
from core.intake.sources import Files, Source
from core.intake.table import Table, TableError
from core.intake.table_rows import ColumnChoice, TableQuestion, TableReading, read_rows
from core.intake.vocabulary import PLACEHOLDERS
from core.names import clean_name

# Asked what to make of a guess: gives the class for each guessed one, and under "" the class of the other files; None
# declines the guess.
NameClasses = Callable[[Guess], Mapping[str, str | None] | None]
# Asked which column of a table is the class; None leaves the question open.
ChooseColumns = Callable[[TableQuestion], ColumnChoice | None]

Text = TypeVar("Text", bound=str)

FEW_LISTS: Final = 3
ICON_WORDS: Final = frozenset(("meta", "icon", "icons", "legend", "symbols", "signs"))
SUBMISSION: Final = re.compile(r"submission|submit", re.IGNORECASE)


@dataclass
class SourcePlan:
    """A source with the annotation of each of its files.

    Attributes:
        source: The source.
        annotations: By index of the entry; tables are left out.
    """

    source: Source
    annotations: dict[int, Annotation]


@dataclass
class IngestionPlan:
    """What will be read, and what a person should know before.

    Attributes:
        sources: The sources with the annotations of their files.
        rejected: Files and rows of tables that cannot be used.
        notes: Findings about files that can.
        tables: What the tables say, those included that were rejected.
        questions: Tables whose class column a person has to choose.
    """

    sources: list[SourcePlan]
    rejected: list[Rejected] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    tables: list[TableReading] = field(default_factory=list)
    questions: list[TableQuestion] = field(default_factory=list)

    @property
    def labelling(self) -> list[str]:
        """Names of the tables that give classes."""
        return [table.name for table in self.tables if table.labels]

    def classes(self) -> Counter[str]:
        """Count the files of each class that are images by their names."""
        return Counter(
            annotation.label
            for plan in self.sources
            for index, annotation in plan.annotations.items()
            if annotation.label is not None and is_image_name(plan.source.entries[index].parts[-1])
        )


def make_plan(
    sources: Sequence[Source],
    *,
    label: str | None = None,
    group: str | None = None,
    name_classes: NameClasses | None = None,
    columns: Mapping[str, ColumnChoice] | None = None,
    choose_columns: ChooseColumns = lambda question: None,  # noqa: ARG005 - nobody answers
) -> IngestionPlan:
    """Give each file its annotation, by the rules above.

    Args:
        sources: Listed sources.
        label: Class of the images that have none otherwise.
        group: Group of the images that have none otherwise.
        name_classes: Asked about classes guessed from file names; None to guess none.
        columns: A person's choices by name of the table; the one under "" is for every table that has its columns.
        choose_columns: Asked about tables whose class column is unknown.
    """
    return _Planner(sources, columns or {}, choose_columns).plan(label, group, name_classes)


class _Planner:
    """Collects what folders and tables say; images are numbered across all sources."""

    def __init__(
        self, sources: Sequence[Source], columns: Mapping[str, ColumnChoice], choose_columns: ChooseColumns
    ) -> None:
        self._columns = columns
        self._choose_columns = choose_columns
        self._layouts = [source.layout() for source in sources]
        self._plan = IngestionPlan([SourcePlan(source, {}) for source in sources])
        self._tables = {
            (number, index)
            for number, source in enumerate(sources)
            for index, entry in enumerate(source.entries)
            if source.is_table(entry)
        }
        # Every file that is no table: its source and its place in it.
        self._files = [
            (number, index)
            for number, source in enumerate(sources)
            for index in range(len(source.entries))
            if (number, index) not in self._tables
        ]
        self._paths = [sources[number].entries[index].parts for number, index in self._files]
        self._found = [self._layouts[number].annotations[index] for number, index in self._files]
        # The tables with the files that they may name; None for all.
        self._reaches: list[tuple[TableReading, list[int] | None]] = []
        # Files in a folder that a table labels.
        self._in_scope: set[int] = set()
        # Lists in text files, by number of the source and name.
        self._lists: set[tuple[int, str]] = set()

    def plan(self, label: str | None, group: str | None, name_classes: NameClasses | None) -> IngestionPlan:
        """Apply the rules in their order."""
        plan = self._plan
        for source_plan, layout in zip(plan.sources, self._layouts, strict=True):
            plan.rejected += source_plan.source.rejected
            plan.notes += layout.notes
        with TableReader() as reader:
            for number, source_plan in enumerate(plan.sources):
                self._read_tables(number, source_plan.source, reader)
        for table, reach in self._reaches:
            _drop_placeholders(table, self._found, len(self._files) if reach is None else len(reach))
        self._drop_icons()
        self._limit_to_scope()
        self._merge()
        for table in plan.tables:
            plan.rejected += table.rejected
            plan.notes += table.notes
        if label is None and name_classes is not None:
            self._guess(name_classes)
        for file, (number, index) in enumerate(self._files):
            if (number, plan.sources[number].source.entries[index].name) in self._lists:
                continue
            found = self._found[file]
            default = None if file in self._in_scope else label
            filled = replace(found, label=clean_name(found.label or default or "") or None, group=found.group or group)
            plan.sources[number].annotations[index] = filled
        return plan

    def _read_tables(self, number: int, source: Source, reader: TableReader) -> None:
        beside_others = isinstance(source, Files)
        reach = [file for file, (at, _) in enumerate(self._files) if beside_others or at == number]
        index: NameIndex | None = None
        texts: list[TextFile] = []
        for entry, data in source.read_tables():
            index = index or NameIndex({file: self._paths[file] for file in reach if self._may_be_named(file)})
            folder = entry.parts[:-1]
            if not source.is_table(entry):
                text = read_text(entry.name, folder, data)
                if text is None or not text.is_table:
                    texts += [text] if text is not None else []
                    continue
                self._lists.add((number, entry.name))
            try:
                table = reader.read(data)
            except TableError as error:
                self._plan.rejected.append(Rejected(entry.name, error.sentence))
                continue
            reading = read_rows(table, index, entry.name, folder, self._choice(entry.name, table))
            answer = self._choose_columns(reading.question) if reading.question is not None else None
            if answer is not None:
                reading = read_rows(table, index, entry.name, folder, answer)
            if reading.question is not None:
                self._plan.questions.append(reading.question)
            self._plan.tables.append(reading)
            self._reaches.append((reading, None if beside_others else reach))
        if index is not None and texts:
            self._read_lists(number, texts, index, None if beside_others else reach)

    def _may_be_named(self, file: int) -> bool:
        """Whether a table or a list may mean a file: not if it is a mask, or a file with annotations."""
        number, index = self._files[file]
        is_mask = index in self._layouts[number].masks
        return not is_mask and suffix_of(self._paths[file][-1]) not in ANNOTATION_SUFFIXES

    def _read_lists(self, number: int, texts: Sequence[TextFile], index: NameIndex, reach: list[int] | None) -> None:
        given = {
            file: claim.label
            for table in self._plan.tables
            for file, claims in table.claims.items()
            for claim in claims
            if claim.label is not None
        }
        unused: list[Note] = []
        for one in read_lists(texts, index, lambda file: self._found[file].label, given):
            self._lists |= {(number, name) for name in one.used_files}
            table = one.table()
            notes = [Note(one.file.name, sentence) for sentence in one.sentences]
            if table is None:
                unused += notes
                continue
            reading = read_rows(table, index, one.file.name, one.file.folder)
            missing = sum(found.reason == rejection_messages.NAMED_BUT_NOT_THERE for found in reading.rejected)
            reading.rejected = [
                found for found in reading.rejected if found.reason != rejection_messages.NAMED_BUT_NOT_THERE
            ]
            if missing:
                notes.append(Note(one.file.name, rejection_messages.LIST_NAMES_MORE.format(rows=missing)))
            reading.notes += notes
            self._plan.tables.append(reading)
            self._reaches.append((reading, reach))
        self._plan.notes += _together(unused)

    def _choice(self, name: str, table: Table) -> ColumnChoice | None:
        """Give the person's choice for a table, if the table has its columns."""
        for choice in (self._columns.get(name), self._columns.get("")):
            if choice is not None and all(
                table.find_column(column) is not None for column in (choice.file, choice.label) if column is not None
            ):
                return choice
        return None

    def _drop_icons(self) -> None:
        """Ignore the classes of tables that show one image of each class, such as the signs in `Meta` of GTSRB."""
        labels = {id(table): _label_counts(table) for table in self._plan.tables if table.labels}
        for table in [one for one in self._plan.tables if one.labels]:
            own = labels[id(table)]
            others = {label for one, counts in labels.items() if one != id(table) for label in counts}
            words = set(re.findall(r"[^\W\d_]+", " ".join((*table.folder, PurePosixPath(table.name).stem)).casefold()))
            beside = all(self._found[file].split is None for file in table.claims)
            if words & ICON_WORDS and beside and set(own.values()) == {1} and own.keys() <= others:
                table.drop_labels(rejection_messages.CLASS_ICONS)
                for file in table.claims:
                    self._found[file] = replace(self._found[file], label=None)

    def _limit_to_scope(self) -> None:
        """Take the class from images that a labelling table does not name."""
        named = {file for table in self._plan.tables if table.labels for file in table.claims}
        for table, reach in self._reaches:
            if not table.labels:
                continue
            folders = [table.folder, *(self._paths[file][:-1] for file in table.claims)]
            scope = () if reach is None else _common_start(folders)
            inside = [
                file
                for file in (range(len(self._files)) if reach is None else reach)
                if self._paths[file][: len(scope)] == scope
            ]
            others = self._find_other_splits(table, inside)
            inside = [file for file in inside if self._found[file].split not in others]
            self._in_scope.update(inside)
            unnamed = [file for file in inside if file not in named and self._is_photograph(file)]
            named.update(unnamed)  # each is counted once
            if unnamed:
                table.notes.append(Note(table.name, rejection_messages.NOT_NAMED.format(images=len(unnamed))))
        for file in self._in_scope:
            self._found[file] = replace(self._found[file], label=None)

    def _is_photograph(self, file: int) -> bool:
        number, index = self._files[file]
        return is_image_name(self._paths[file][-1]) and index not in self._layouts[number].masks

    def _find_other_splits(self, table: TableReading, inside: Sequence[int]) -> set[Split | None]:
        """Give the split folders of which a table names no image, and whose folders give the same classes."""
        named = {self._found[file].split for file in table.claims}
        if None in named:
            return set()
        labels = {(claim.label or "").casefold() for claims in table.claims.values() for claim in claims} - {""}
        return {
            found.split
            for found in (self._found[file] for file in inside)
            if found.split not in named and (found.label or "").casefold() in labels
        }

    def _merge(self) -> None:
        """Fill in what the tables say about each file, where they agree."""
        claims: dict[int, list[Annotation]] = defaultdict(list)
        for table in self._plan.tables:
            for file, said in table.claims.items():
                claims[file] += said
        for file, said in claims.items():
            number, index = self._files[file]
            name = self._plan.sources[number].source.entries[index].name
            self._found[file], notes = _agree(self._found[file], said, name)
            self._plan.notes += notes

    def _guess(self, name_classes: NameClasses) -> None:
        """Replace the classes by those of the file names, if there is at most one class otherwise."""
        images = [file for file, path in enumerate(self._paths) if is_image_name(path[-1])] or range(len(self._paths))
        if len({self._found[file].label for file in images} - {None}) > 1 or self._in_scope:
            return
        masks = {(number, index) for number, layout in enumerate(self._layouts) for index in layout.masks}
        names = [path[-1] for path in self._paths]
        guess = guess_classes(["" if at in masks else name for at, name in zip(self._files, names, strict=True)])
        answer = name_classes(guess) if guess else None
        if guess is None or answer is None:
            return
        for file, name in enumerate(guess.rows):
            if self._files[file] not in masks:
                self._found[file] = replace(self._found[file], label=answer.get(name))


def _together(notes: Sequence[Note]) -> list[Note]:
    """Say a sentence once where it is true of several files but for what it counts or shows."""
    kinds: dict[str, list[Note]] = defaultdict(list)
    for note in notes:
        kinds[re.sub(r"[\d,]+|“.*”", "", note.sentence)].append(note)
    return [
        Note(same[0].name, rejection_messages.OTHER_LISTS.format(sentence=same[0].sentence, lists=len(same) - 1))
        if len(same) > FEW_LISTS
        else note
        for same in kinds.values()
        for note in (same if len(same) <= FEW_LISTS else same[:1])
    ]


def _label_counts(table: TableReading) -> Counter[str]:
    return Counter(claim.label for claims in table.claims.values() for claim in claims if claim.label)


def _common_start(folders: Sequence[Parts]) -> Parts:
    same = itertools.takewhile(lambda parts: len(set(parts)) == 1, zip(*folders, strict=False))
    return tuple(parts[0] for parts in same)


def _drop_placeholders(table: TableReading, found: Sequence[Annotation], reach: int) -> None:
    """Ignore classes that are none: placeholder words, constants of submissions, lists of classes."""
    claims = [(file, claim.label) for file, claims in table.claims.items() for claim in claims]
    labels = [label for _, label in claims if label is not None]
    words = Counter(label for file, label in claims if label and _is_placeholder(label, found[file]))
    if not labels:
        return
    if words.total() == len(labels):
        table.drop_labels(rejection_messages.PLACEHOLDER_TABLE.format(label=", ".join(sorted(words))))
    elif words:
        _drop_words(table, words, found)
    elif len(labels) > 1 and len(set(labels)) == 1 and _is_submission(table, labels[0], found):
        table.drop_labels(rejection_messages.PLACEHOLDER_TABLE.format(label=labels[0]))
    elif table.names_are_numbers and 1 < len(claims) == len(set(labels)) and len(table.claims) < reach:
        table.drop_labels(rejection_messages.CLASS_LIST)


def _is_placeholder(label: str, found: Annotation) -> bool:
    """Whether a word stands for no class; a folder of that name makes it one."""
    return label.casefold() in PLACEHOLDERS and label != found.label


def _drop_words(table: TableReading, words: Counter[str], found: Sequence[Annotation]) -> None:
    for file, claims in table.claims.items():
        table.claims[file] = [
            replace(claim, label=None) if claim.label and _is_placeholder(claim.label, found[file]) else claim
            for claim in claims
        ]
    shown = ", ".join(sorted(words))
    table.notes.append(Note(table.name, rejection_messages.PLACEHOLDER_ROWS.format(rows=words.total(), words=shown)))


def _is_submission(table: TableReading, label: str, found: Sequence[Annotation]) -> bool:
    """Whether one class for all rows is a placeholder, rather than the class of a folder."""
    if all(found[file].label == label for file in table.claims):
        return False
    only_test = all(found[file].split == "test" for file in table.claims)
    others = {one.label for file, one in enumerate(found) if file not in table.claims} - {None, label}
    is_number = re.fullmatch(r"[\d.,]+", label) is not None
    return SUBMISSION.search(PurePosixPath(table.name).name) is not None or only_test or (is_number and len(others) > 1)


def _agree(found: Annotation, claims: Sequence[Annotation], name: str) -> tuple[Annotation, list[Note]]:
    """Fill in what the claims about a file say; where they disagree, nothing, with a note."""
    notes = []
    from_table = any(claim.label_from_table for claim in claims)
    labels = _values(claim.label for claim in claims)
    splits: list[Split] = _values(claim.split for claim in claims)
    groups = _values(claim.group for claim in claims)
    for values, sentence in (
        (labels, rejection_messages.SEVERAL_CLASSES),
        (splits, rejection_messages.SEVERAL_SPLITS),
        (groups, rejection_messages.SEVERAL_GROUPS),
    ):
        if len(values) > 1:
            notes.append(Note(name, sentence.format(values=", ".join(values))))
    label = found.label if not from_table else labels[0] if len(labels) == 1 else None
    split = found.split if not splits else splits[0] if len(splits) == 1 else None
    group = groups[0] if len(groups) == 1 else None
    drawn = any(claim.drawn for claim in claims) and bool(splits)
    excluded = any(claim.excluded for claim in claims)
    return Annotation(
        label,
        split,
        group,
        drawn,
        excluded,
        label_from_table=from_table and label is not None,
        split_from_table=len(splits) == 1,
        group_from_table=len(groups) == 1,
    ), notes


def _values(values: Iterable[Text | None]) -> list[Text]:
    return sorted({value for value in values if value is not None})
