"""Ingestion for the commands: the options, the questions about tables, and a summary of what was read."""

import argparse
import codecs
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.checks.result import count_images, list_some
from core.cli.guessed_classes import accept_guess
from core.dataset.issues import case_duplicates
from core.errors import InputError
from core.intake.ingestion import ingest
from core.intake.plan import ChooseColumns, IngestionPlan
from core.intake.results import Accepted, Note, Rejected
from core.intake.table_rows import ColumnChoice, TableQuestion
from core.storage.blobs import OriginalStore

NO_COLUMN = "none"
HINT = (
    "Add --label-column with the name of the column of the classes, or --label-column none if the table has no classes."
)
SHOWN = 50


@dataclass
class Ingested:
    """The images of a command's sources.

    Attributes:
        plan: What folders and tables say.
        accepted: Images.
        rejected: Files and rows of tables that were rejected.
    """

    plan: IngestionPlan = field(default_factory=lambda: IngestionPlan([]))
    accepted: list[Accepted] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def missing_classes(self) -> list[str]:
        """Give the classes of which every file was rejected."""
        there = {image.label for image in self.accepted}
        return sorted(label for label in self.plan.classes() if label not in there)

    def unlabelled(self) -> list[str]:
        """Give the names of images without a class."""
        return [image.name for image in self.accepted if image.label is None]

    def notes(self) -> list[Note]:
        """Give what a person should know about files that were not rejected."""
        return [*self.plan.notes, *(Note(image.name, image.note) for image in self.accepted if image.note)]

    def case_duplicates(self) -> list[tuple[str, ...]]:
        """Give the classes whose names differ only by case."""
        return case_duplicates(sorted({image.label for image in self.accepted if image.label is not None}))

    def to_json(self) -> dict[str, Any]:
        """Give what a program should know about the files, beside the images themselves."""
        return {
            "refused": [{"file": one.name, "reason": one.reason} for one in self.rejected],
            "notes": [{"file": one.name, "note": one.sentence} for one in self.notes()],
            "missing_classes": self.missing_classes(),
            "case_twins": self.case_duplicates(),
        }

    def lines(self, most: int | None = None) -> list[str]:
        """Give the same for a person.

        Args:
            most: The most rejected files to list; None for all.
        """
        counts = Counter(image.label for image in self.accepted if image.label is not None)
        listed = list_some([f"{label} ({count})" for label, count in sorted(counts.items())], SHOWN)
        classes = "1 class" if len(counts) == 1 else f"{len(counts)} classes"
        lines = [f"{count_images(counts.total())} in {classes}{': ' if listed else ''}{listed}"]
        splits = Counter(image.split for image in self.accepted if image.split is not None)
        if splits:
            lines.append("splits given: " + ", ".join(f"{split} {count}" for split, count in splits.items()))
        lines += [
            f"table {table.name}: " + ", ".join(f"{role} = {name}" for role, name in table.columns.items())
            for table in self.plan.tables
            if table.claims and table.question is None
        ]
        lines += [
            f"file names in {one.title} do not say their encoding and were read as {one.readings[0].coding}; "
            "--name-encoding names another"
            for one in (source_plan.source for source_plan in self.plan.sources)
            if one.readings
        ]
        without = len(self.unlabelled())
        if without:
            verbs = ("has", "takes") if without == 1 else ("have", "take")
            lines.append(f"{count_images(without)} {verbs[0]} no class and {verbs[1]} no part in training")
        lines += [
            f"these classes differ only by case, and are probably one: {', '.join(names)}"
            for names in self.case_duplicates()
        ]
        lines += [f"class {label} is missing: each of its files was rejected" for label in self.missing_classes()]
        lines += [f"note {one.name}: {one.sentence}" for one in self.notes()]
        lines += [f"rejected {one.name}: {one.reason}" for one in self.rejected[:most]]
        if most is not None and len(self.rejected) > most:
            lines.append(f"and {len(self.rejected) - most} more rejected files; --json lists all")
        return lines


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how sources are read."""
    parser.add_argument("--label-column", help="column of the classes in tables, or none to ignore unknown columns")
    parser.add_argument("--file-column", help="column of the file names in tables")
    parser.add_argument("--name-encoding", help="encoding of file names in old zips, e.g. cp949 (default: guessed)")


def read_images(
    options: argparse.Namespace,
    store: OriginalStore,
    *,
    ask: ChooseColumns,
    on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005 - nobody listens
) -> Ingested:
    """Ingest the sources of a command.

    Args:
        options: The command's options, with those of `add_source_options`.
        store: The store for the images.
        ask: Called for a table whose class column is unknown and not among the options.
        on_progress: Called with the number of files done and the total.

    Raises:
        InputError: An option names a column that no table has, or an unknown encoding.
    """
    found = Ingested()

    def on_plan(plan: IngestionPlan) -> None:
        found.plan = plan
        _check_columns(options, plan)

    columns = {"": _choice(options)} if options.file_column or _names_column(options.label_column) else {}
    results = ingest(
        options.source,
        store,
        name_classes=accept_guess,
        columns=columns,
        choose_columns=_no_labels if options.label_column == NO_COLUMN else ask,
        on_plan=on_plan,
        coding=_check_encoding(options.name_encoding),
        on_progress=on_progress,
    )
    for result in results:
        if isinstance(result, Accepted):
            found.accepted.append(result)
        else:
            found.rejected.append(result)
    return found


def refuse_question(question: TableQuestion) -> ColumnChoice | None:
    """Stop where a table's class column is unknown.

    Raises:
        InputError: Always.
    """
    raise InputError(f"{question.table}: {question.sentence}", HINT)


def print_question(question: TableQuestion) -> ColumnChoice | None:
    """Print what is unclear, and leave it open."""
    print(f"graft: {question.table}: {question.sentence} {HINT}", file=sys.stderr)
    return None


def _names_column(name: str | None) -> bool:
    return name not in (None, NO_COLUMN)


def _choice(options: argparse.Namespace) -> ColumnChoice:
    return ColumnChoice(options.file_column, options.label_column if _names_column(options.label_column) else None)


def _no_labels(_question: TableQuestion) -> ColumnChoice:
    return ColumnChoice()


def _check_columns(options: argparse.Namespace, plan: IngestionPlan) -> None:
    for name, value in (("--file-column", options.file_column), ("--label-column", options.label_column)):
        if _names_column(value) and not any(table.has_column(value) for table in plan.tables):
            columns = ", ".join(dict.fromkeys(column for table in plan.tables for column in table.head)) or "none"
            raise InputError(f"{name} is {value!r}, which no table has.", f"Columns of the tables: {columns}.")


def _check_encoding(name: str | None) -> str | None:
    if name is not None:
        try:
            codecs.lookup(name)
        except LookupError as error:
            raise InputError(f"--name-encoding is {name!r}, which is unknown.", "Write for example cp949.") from error
    return name
