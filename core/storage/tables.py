"""Tables that are safe to open in a spreadsheet: the only writers, and the reader that undoes what they add.

A spreadsheet computes cells that begin with `=`, `+`, `-` or `@`, and names in our tables come from other people's
files. In CSV such a text gets an apostrophe in front, which a spreadsheet takes for "this is text"
(https://owasp.org/www-community/attacks/CSV_Injection). In Excel files its cell is of the type text, and marked so that
it stays text when a person edits it. Numbers are written as they are.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from core.errors import InputError

FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
ESCAPED: Final = re.compile(r"'+[=+\-@\t\r]")

# What an Excel sheet can hold, and characters that its XML cannot.
EXCEL_ROWS: Final = 1_048_576
EXCEL_CELL: Final = 32_767
NOT_IN_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write_csv(file: IO[str], rows: Iterable[Iterable[object]]) -> None:
    """Write rows as CSV; texts that a spreadsheet would compute are escaped, and NULs, at which readers stop, left out.

    Args:
        file: A text file without newline translation (`newline=""`).
        rows: Cells are texts or numbers.
    """
    writer = csv.writer(file)
    writer.writerows([_escape(cell) for cell in row] for row in rows)


def write_excel(path: Path, rows: Iterable[Iterable[object]], n_rows: int) -> None:
    """Write rows as an Excel file with one sheet, row by row, so that memory stays small.

    Characters that XML cannot hold are left out, and texts longer than a cell are cut.

    Args:
        path: The file, which ends in `.xlsx`.
        rows: Cells are texts, numbers, booleans or None.
        n_rows: How many rows there are, or more.

    Raises:
        InputError: A sheet cannot hold so many rows.
    """
    from openpyxl import Workbook  # type: ignore[import-untyped]
    from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]

    check_excel_rows(n_rows)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("predictions")

    def cell(value: object) -> object:
        if not isinstance(value, str):
            return value
        text = NOT_IN_XML.sub("", value)[:EXCEL_CELL]
        written = WriteOnlyCell(sheet, text)
        written.data_type = "s"
        written.quotePrefix = bool(FORMULA.match(text))
        return written

    for row in rows:
        sheet.append([cell(value) for value in row])
    book.save(path)


def check_excel_rows(n_rows: int) -> None:
    """Check that a sheet can hold a table.

    Args:
        n_rows: Its rows, with the header.

    Raises:
        InputError: A sheet cannot hold so many rows.
    """
    if n_rows > EXCEL_ROWS:
        raise InputError(f"An Excel sheet holds {EXCEL_ROWS:,} rows, and the table has {n_rows:,}.", "Write a .csv.")


def read_csv(lines: Iterable[str], delimiter: str = ",") -> Iterator[list[str]]:
    """Read rows of CSV as `write_csv` was given them.

    Raises:
        csv.Error: It is no CSV.
    """
    for row in csv.reader(lines, delimiter=delimiter):
        yield [unescape(cell) for cell in row]


def unescape(cell: str) -> str:
    """Return a text without the apostrophe that keeps a spreadsheet from computing it."""
    return cell[1:] if ESCAPED.match(cell) else cell


def _escape(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    text = cell.replace("\0", "")
    return f"'{text}" if FORMULA.match(text) else text
