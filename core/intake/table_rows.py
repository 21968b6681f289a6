"""What a table says about the images: its columns are chosen here, and its rows are matched to files.

The rules are in `core.intake.plan`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from core.intake import rejection_messages
from core.intake.file_names import Parts
from core.intake.layout import Annotation, read_split
from core.intake.matching import SEVERAL, NameIndex
from core.intake.results import Note, Rejected
from core.intake.table import Table, describe_columns, find_column
from core.intake.vocabulary import NO, YES, Role

# Rows from which the file column is chosen; columns beyond the limit are not looked at.
SAMPLE_ROWS: Final = 2_000
MOST_COLUMNS: Final = 64
NO_RANK: Final = 9
EXAMPLES: Final = 3
# A class of ImageNet.
SYNSET: Final = re.compile(r"\bn\d{8}\b")
MOST_WORDS: Final = 5


@dataclass(frozen=True)
class Column:
    """A column that a person may choose: its name and some of its cells."""

    name: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class TableQuestion:
    """A table that names images, and of which nobody but a person knows which column is the class.

    Attributes:
        table: Its path in the source.
        columns: Its columns.
        file: Name of the column that names the images.
        images: How many images it names.
    """

    table: str
    columns: tuple[Column, ...]
    file: str
    images: int

    @property
    def sentence(self) -> str:
        """What is unclear, in one sentence."""
        columns = describe_columns([column.name for column in self.columns])
        return rejection_messages.TABLE_UNDECIDED.format(images=self.images, columns=columns)


@dataclass(frozen=True)
class ColumnChoice:
    """A person's choice of columns, by name.

    Attributes:
        file: The column that names the images; None for the one that is found.
        label: The column of the classes; None if the table has no classes.
    """

    file: str | None = None
    label: str | None = None


@dataclass
class TableReading:
    """What a table says.

    Attributes:
        name: Its path in the source.
        folder: Parts of its folder.
        head: Names of all its columns.
        columns: Names of its columns by what they mean.
        claims: What its rows say, by index of the file.
        labels: Whether it gives classes.
        names_are_numbers: Whether all its names are whole numbers, as those of classes in a list are.
        question: Set if a person has to choose the column of the classes.
        rejected: The table itself, or its rows that name no file or several.
        notes: What else a person should know.
    """

    name: str
    folder: Parts
    head: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    claims: dict[int, list[Annotation]] = field(default_factory=dict)
    labels: bool = False
    names_are_numbers: bool = False
    question: TableQuestion | None = None
    rejected: list[Rejected] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def has_column(self, name: str) -> bool:
        """Whether the table has a column of this name."""
        return find_column(self.head, name) is not None

    def reject(self, sentence: str) -> "TableReading":
        """Reject the table as a whole."""
        self.rejected = [Rejected(self.name, sentence)]
        self.claims, self.labels = {}, False
        return self

    def drop_labels(self, sentence: str) -> None:
        """Ignore the classes of the table, and tell why."""
        self.claims = {
            index: [replace(claim, label=None, label_from_table=False) for claim in claims]
            for index, claims in self.claims.items()
        }
        self.labels = False
        self.columns.pop("label", None)
        self.notes.append(Note(self.name, sentence))


def read_rows(
    table: Table, index: NameIndex, name: str, folder: Parts, choice: ColumnChoice | None = None
) -> TableReading:
    """Match the rows of a table to files.

    Args:
        table: The table.
        index: The files that it may name.
        name: Its path in the source.
        folder: Parts of its folder.
        choice: A person's choice of columns.
    """
    table = _divide_predictions(table)
    reading = TableReading(name, folder, table.head)
    if not _has_known_column(table) and any(index.find(cell, folder) for cell in table.head):
        table = table.without_head()
    file = _find_file_column(table, index, folder, choice)
    if file is None:
        return reading.reject(rejection_messages.TABLE_WITHOUT_FILE.format(columns=describe_columns(table.head)))
    columns: dict[Role, int] = {"file": file}
    for role in ("label", "split", "group", "split_fixed", "excluded"):
        found = {at: rank for at, rank in table.find(role).items() if at != file}
        if found:
            columns[role] = min(found, key=lambda at: (found[at], at))
    labels = _choose_labels(table, columns, choice)
    reading.columns = {role: table.head[at] for role, at in columns.items()}
    _match_rows(reading, table, index, columns, labels)
    if not reading.claims:
        several = all(one.reason == rejection_messages.SEVERAL_FILES for one in reading.rejected)
        sentence = rejection_messages.TABLE_NAMES_SEVERAL if several else rejection_messages.TABLE_NAMES_NO_FILE
        return reading.reject(sentence.format(rows=len(table.rows), column=table.head[file]))
    reading.labels = labels is not None
    reading.names_are_numbers = all(cell.isdecimal() for cell in table.column(file))
    if labels is None and choice is None and _has_possible_labels(table, columns):
        return _leave_open(reading, _ask(table, reading, file))
    if labels is None and not columns.keys() & {"split", "group", "excluded"}:
        return reading.reject(rejection_messages.TABLE_WITHOUT_COLUMNS.format(columns=describe_columns(table.head)))
    return reading


def _divide_predictions(table: Table) -> Table:
    """Give a row for each class in cells such as `n01751748 111 108 230 366 n01751748 2 9 30 66`, of ImageNet."""
    at = table.find_column("PredictionString")
    if at is None:
        return table
    rows = [[*row[:at], label, *row[at + 1 :]] for row in table.rows for label in sorted(set(SYNSET.findall(row[at])))]
    if rows:
        return replace(table, rows=rows)
    head = tuple("boxes" if column == at else name for column, name in enumerate(table.head))
    return replace(table, head=head)


def _has_known_column(table: Table) -> bool:
    return any(table.find(role) for role in ("file", "label", "split", "group"))


def _find_file_column(table: Table, index: NameIndex, folder: Parts, choice: ColumnChoice | None) -> int | None:
    """Give the most explicit name among the columns that name at least half as many files as the best one."""
    if choice is not None and choice.file is not None:
        chosen = table.find_column(choice.file)
        if chosen is not None:
            return chosen
    ranks = table.find("file")
    others = {at for role in ("label", "split", "split_fixed", "excluded") for at in table.find(role)} - ranks.keys()
    rows = table.rows[:: max(1, len(table.rows) // SAMPLE_ROWS)]
    named = {
        at: sum(index.find(cell, folder) is not None for cell in {row[at] for row in rows})
        for at in range(min(MOST_COLUMNS, len(table.head)))
        if at not in others
    }
    most = max(named.values(), default=0)
    if not most:
        return min(ranks, key=lambda at: (ranks[at], at), default=None)
    good = [at for at, count in named.items() if 2 * count >= most]
    return min(good, key=lambda at: (ranks.get(at, NO_RANK), -named[at], at))


def _choose_labels(table: Table, columns: dict[Role, int], choice: ColumnChoice | None) -> list[str] | None:
    """Give the class of each row, and note the column; None if no column has classes."""
    if choice is not None:
        columns.pop("label", None)
        chosen = table.find_column(choice.label) if choice.label is not None else None
        if chosen is not None:
            columns["label"] = chosen
    elif "label" not in columns and not table.has_head and len(table.head) == 2:  # noqa: PLR2004 - `1.jpg,ants`
        columns["label"] = 1 - columns["file"]
    if "label" in columns:
        return table.column(columns["label"])
    return None if choice is not None else _read_one_hot(table, columns)


def _read_one_hot(table: Table, columns: Mapping[Role, int]) -> list[str] | None:
    """Give the classes of a table with a column of zeros and ones for each class."""
    classes = [at for at in range(len(table.head)) if at not in columns.values() and _is_binary(table.column(at))]
    if len(classes) < 2 or not table.rows:  # noqa: PLR2004
        return None
    marked = [[at for at in classes if float(row[at]) == 1] for row in table.rows]
    if any(len(one) != 1 for one in marked) or len({one[0] for one in marked}) < 2:  # noqa: PLR2004
        return None
    return [table.head[one[0]] for one in marked]


def _is_binary(cells: Sequence[str]) -> bool:
    return set(cells) <= {"0", "1", "0.0", "1.0"}


def _has_possible_labels(table: Table, columns: Mapping[Role, int]) -> bool:
    """Whether a column without a known meaning repeats two or more values, as classes do."""
    for at in range(min(MOST_COLUMNS, len(table.head))):
        if at not in columns.values():
            values = {cell for cell in table.column(at) if cell}
            if 2 <= len(values) <= max(2, len(table.rows) // 2):  # noqa: PLR2004
                return True
    return False


def _ask(table: Table, reading: TableReading, file: int) -> TableQuestion:
    columns = tuple(
        Column(name, tuple(list(dict.fromkeys(cell for cell in table.column(at) if cell))[:EXAMPLES]))
        for at, name in enumerate(table.head[:MOST_COLUMNS])
    )
    return TableQuestion(reading.name, columns, table.head[file], len(reading.claims))


def _leave_open(reading: TableReading, question: TableQuestion) -> TableReading:
    """Let the table speak for its images, which have no class as long as the question is open."""
    claims = {file: [replace(claim, label_from_table=True) for claim in said] for file, said in reading.claims.items()}
    rejected = [Rejected(reading.name, question.sentence)]
    return replace(reading, claims=claims, labels=True, question=question, rejected=rejected)


def _match_rows(
    reading: TableReading, table: Table, index: NameIndex, columns: Mapping[Role, int], labels: Sequence[str] | None
) -> None:
    """Collect what the rows say about each file; of a file's rows, those that name it best count."""
    found: dict[int, list[tuple[int, str, Annotation]]] = defaultdict(list)
    words: Counter[str] = Counter()
    for number, row in enumerate(table.rows):
        name = row[columns["file"]]
        match = index.find(name, reading.folder)
        if match is None or match.index == SEVERAL:
            several = match is not None
            sentence = rejection_messages.SEVERAL_FILES if several else rejection_messages.NAMED_BUT_NOT_THERE
            reading.rejected.append(Rejected(name, sentence))
            continue
        claim = _read_row(row, columns, labels[number] if labels is not None else None)
        found[match.index].append((match.grade, name, claim))
        word = row[columns["split"]] if "split" in columns else ""
        words[word] += bool(word) and claim.split is None
    for file, rows in found.items():
        best = min(grade for grade, _, _ in rows)
        reading.claims[file] = [claim for grade, _, claim in rows if grade == best]
        reading.rejected += [
            Rejected(name, rejection_messages.NAMED_BUT_NOT_THERE) for grade, name, _ in rows if grade != best
        ]
    unknown = [word for word, count in words.most_common() if count]
    if unknown:
        shown = ", ".join(unknown[:MOST_WORDS])
        reading.notes.append(Note(reading.name, rejection_messages.UNKNOWN_SPLITS.format(words=shown)))


def _read_row(row: Sequence[str], columns: Mapping[Role, int], label: str | None) -> Annotation:
    values = {role: row[at] for role, at in columns.items()}
    return Annotation(
        label=label or None,
        split=read_split(values.get("split", "")),
        group=values.get("group") or None,
        drawn=values.get("split_fixed", "").casefold() in NO,
        excluded=values.get("excluded", "").casefold() in YES,
        label_from_table=label is not None,
    )
