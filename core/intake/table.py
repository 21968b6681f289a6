"""A table beside the images, CSV or Excel: file name, label, and optionally split, group and what else is known."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.errors import InputError
from core.intake import rejection_messages
from core.intake.layout import SPLIT_NAMES, Annotation, Parts, split_path
from core.intake.results import Rejected
from core.intake.spreadsheet import SpreadsheetError, read_spreadsheet
from core.storage.tables import read_csv

COLUMNS: Final = {
    "file": re.compile(r"file|file_?name|file_?path|path|image|image_(name|path|id)|img|name|id"),
    "label": re.compile(r"labels?|label_name|class|class_?name|category|target|species"),
    "split": re.compile(r"split|set|subset|partition|usage"),
    "group": re.compile(r"(group|patient|subject|plant|site|series)(_id)?"),
    "split_fixed": re.compile(r"split_fixed"),
    "excluded": re.compile(r"excluded|set_aside"),
}
ZIP_MAGIC: Final = b"PK"
# Excel files before 2007, and those with a password.
COMPOUND_MAGIC: Final = b"\xd0\xcf\x11\xe0"
NO: Final = frozenset(("no", "false", "0"))
YES: Final = frozenset(("yes", "true", "1"))
DELIMITERS: Final = ",;\t"


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    file: str
    place: Annotation


class TableError(InputError):
    """The file is no table of names and labels; its sentence is one of `reasons`."""


def read_table(data: bytes) -> list[Row]:
    """Read a table with a head line: Excel, or CSV with commas, semicolons or tabs in UTF-8, UTF-16 or Western Windows.

    Raises:
        TableError: It cannot be decoded, or lacks a column for the file or the label.
    """
    rows = _excel_rows(data) if data.startswith(ZIP_MAGIC) else _csv_rows(data)
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    columns = _find_columns(filled[0]) if filled else {}
    if not {"file", "label"} <= columns.keys():
        raise TableError(rejection_messages.TABLE_WITHOUT_COLUMNS)
    return [_read_row(row, columns) for row in filled[1:]]


def match(rows: Iterable[Row], paths: Sequence[Parts], table: Parts) -> tuple[dict[int, Annotation], list[Rejected]]:
    """Find the files that a table names.

    A row may name a file by its whole path, by its path from the table's folder or any folder above the images, or by
    its name alone, with or without its suffix and in any case, as long as only one file can be meant.

    Args:
        rows: Of the table.
        paths: (n,) parts of each file's path.
        table: Parts of the table's own path.

    Returns:
        Places by index of the file, and the rows that no file belongs to.
    """
    known = _ways_to_name(paths)
    base = "/".join((*table[:-1], ""))
    places: dict[int, Annotation] = {}
    unmatched = []
    for row in rows:
        name = _fold(row.file)
        index = known.get(_fold(base + row.file))
        index = known.get(name) if index is None else index
        if index is None or index < 0:
            unmatched.append(Rejected(row.file, rejection_messages.NAMED_BUT_NOT_THERE))
        else:
            places[index] = row.place
    return places, unmatched


def _excel_rows(data: bytes) -> list[list[str]]:
    try:
        return read_spreadsheet(data)
    except SpreadsheetError as error:
        raise TableError(error.sentence) from error


def _csv_rows(data: bytes) -> list[list[str]]:
    if data.startswith(COMPOUND_MAGIC):
        raise TableError(rejection_messages.TABLE_UNREADABLE)
    text = _decode(data)
    head = next(iter(text.split("\n", 1)))
    try:
        return list(read_csv(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=head.count)))
    except csv.Error as error:
        raise TableError(rejection_messages.TABLE_UNREADABLE) from error


def _decode(data: bytes) -> str:
    codings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for coding in codings:
        try:
            text = data.decode(coding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise TableError(rejection_messages.TABLE_UNREADABLE)


def _find_columns(head: Sequence[str]) -> dict[str, int]:
    names = [cell.strip().lower().replace(" ", "_").replace("-", "_") for cell in head]
    found: dict[str, int] = {}
    for column, synonyms in COLUMNS.items():
        at = next((index for index, name in enumerate(names) if synonyms.fullmatch(name)), None)
        if at is not None:
            found[column] = at
    return found


def _read_row(cells: Sequence[str], columns: Mapping[str, int]) -> Row:
    values = {
        column: unicodedata.normalize("NFC", cells[at].strip()) if at < len(cells) else ""
        for column, at in columns.items()
    }
    place = Annotation(
        label=values["label"] or None,
        split=SPLIT_NAMES.get(values.get("split", "").casefold()),
        group=values.get("group") or None,
        drawn=values.get("split_fixed", "").casefold() in NO,
        excluded=values.get("excluded", "").casefold() in YES,
    )
    return Row(values["file"], place)


def _ways_to_name(paths: Sequence[Parts]) -> dict[str, int]:
    """Every end of every path, with and without suffix; -1 where it could mean several files."""
    whole = {_fold("/".join(parts)): index for index, parts in enumerate(paths)}
    ends: dict[str, int] = {}
    for index, parts in enumerate(paths):
        for start in range(len(parts)):
            path = _fold("/".join(parts[start:]))
            for name in {path, path.rpartition(".")[0]} - {""}:
                ends[name] = index if ends.get(name, index) == index else -1
    return ends | whole


def _fold(name: str) -> str:
    parts = split_path(name)
    return "/".join(parts).casefold() if parts else name.casefold()
