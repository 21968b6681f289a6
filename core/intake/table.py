"""A table beside the images, CSV or Excel: its cells, and what its columns mean by their names.

Which of its columns names the files, and which image a row means, is decided in `core.intake.table_rows`.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.errors import InputError
from core.intake import rejection_messages
from core.intake.file_names import fold, guess_coding
from core.intake.spreadsheet import SpreadsheetError, read_spreadsheet
from core.intake.vocabulary import COLUMN_NAMES, Role
from core.storage.tables import read_csv

ZIP_MAGIC: Final = b"PK"
# Excel files before 2007, and those with a password.
COMPOUND_MAGIC: Final = b"\xd0\xcf\x11\xe0"
DELIMITERS: Final = ",;\t|"
# Excel reads the delimiter from a first line like `sep=;`.
SEPARATOR_LINE: Final = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """The cells of a table.

    Attributes:
        head: (n_columns,) names of its columns.
        rows: Its rows, each with n_columns cells in Unicode's composed form (NFC).
        has_head: Whether the first line named the columns; otherwise they are called column 1, column 2, ...
    """

    head: tuple[str, ...]
    rows: list[list[str]]
    has_head: bool = True

    def column(self, index: int) -> list[str]:
        """Give the cells of a column."""
        return [row[index] for row in self.rows]

    def find(self, role: Role) -> dict[int, int]:
        """Give the columns whose names mean this, with how explicit their names are: 0 is the most explicit."""
        found = {index: _rank(name, role) for index, name in enumerate(self.head)}
        return {index: rank for index, rank in found.items() if rank is not None}

    def find_column(self, name: str) -> int | None:
        """Give the column of a name, compared as names of columns are."""
        return find_column(self.head, name)

    def without_head(self) -> "Table":
        """Give the table with its first line as a row, for tables that do not name their columns."""
        numbered = tuple(f"column {number}" for number in range(1, len(self.head) + 1))
        return Table(numbered, [list(self.head), *self.rows], has_head=False)


class TableError(InputError):
    """The file cannot be read as a table; the sentence is one of `rejection_messages`."""


def read_table(data: bytes) -> Table:
    """Read a table: Excel, or CSV with commas, semicolons, tabs or bars in UTF-8, UTF-16 or an older encoding.

    Raises:
        TableError: It cannot be read, or is empty.
    """
    rows = _excel_rows(data) if data.startswith(ZIP_MAGIC) else _csv_rows(data)
    cleaned = [[unicodedata.normalize("NFC", cell).strip() for cell in row] for row in rows]
    filled = [row for row in cleaned if any(row)]
    if not filled:
        raise TableError(rejection_messages.TABLE_EMPTY)
    width = max(1 + max(index for index, cell in enumerate(row) if cell) for row in filled)
    head, *rows = [(row + [""] * (width - len(row)))[:width] for row in filled]
    return Table(tuple(head), rows)


def _excel_rows(data: bytes) -> list[list[str]]:
    try:
        return read_spreadsheet(data, _names_files)
    except SpreadsheetError as error:
        raise TableError(error.sentence) from error


def _names_files(head: list[str]) -> bool:
    return any(_rank(name, "file") is not None for name in head)


def _csv_rows(data: bytes) -> list[list[str]]:
    if data.startswith(COMPOUND_MAGIC):
        raise TableError(rejection_messages.TABLE_UNREADABLE)
    text = decode_text(data)
    separator = SEPARATOR_LINE.match(text)
    if separator:
        text = text[separator.end() :]
    try:
        delimiter = separator[1] if separator else _find_delimiter(text)
        return list(read_csv(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise TableError(rejection_messages.TABLE_UNREADABLE) from error


def _find_delimiter(text: str) -> str:
    """Give the delimiter that the first line has most of, outside of quotes."""
    line = re.sub(r'"[^"]*"', "", text).lstrip().split("\n", 1)[0]
    return max(DELIMITERS, key=line.count)


def decode_text(data: bytes) -> str:
    """Decode the bytes of a text in UTF-8, UTF-16 or an older encoding.

    Raises:
        TableError: It is no text.
    """
    utf_16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for coding in ("utf-16",) if utf_16 else ("utf-8-sig", guess_coding(data.splitlines(), "cp1252")):
        try:
            text = data.decode(coding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise TableError(rejection_messages.TABLE_UNREADABLE)


def find_column(head: Sequence[str], name: str) -> int | None:
    """Give the column of a name: exactly this one, else the same without case, accents and signs."""
    if name in head:
        return head.index(name)
    return next((index for index, one in enumerate(head) if _fold_name(one) == _fold_name(name)), None)


def _fold_name(name: str) -> str:
    divided = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)  # ClassId
    return re.sub(r"[\W_]+", "_", fold(divided)).strip("_")


_RANKS: Final[Mapping[Role, Mapping[str, int]]] = {
    role: {_fold_name(name): rank for rank, names in enumerate(ranks) for name in names.split()}
    for role, ranks in COLUMN_NAMES.items()
}


def _rank(name: str, role: Role) -> int | None:
    return _RANKS[role].get(_fold_name(name))


def describe_columns(head: Sequence[str], most: int = 12) -> str:
    """List the names of columns for a sentence."""
    shown = ", ".join(name or "(no name)" for name in head[:most])
    return shown if len(head) <= most else f"{shown} and {len(head) - most} more"
