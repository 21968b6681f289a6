"""CSV tables that are safe to open in a spreadsheet: the only writer, and the reader that undoes what it adds.

A spreadsheet computes cells that begin with `=`, `+`, `-` or `@`, and the names in our tables come from files of
strangers. Such a text gets an apostrophe in front, which a spreadsheet takes for "this is text"
(https://owasp.org/www-community/attacks/CSV_Injection). Numbers are written as they are.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import IO, Final

FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
ESCAPED: Final = re.compile(r"'+[=+\-@\t\r]")


def write_csv(file: IO[str], rows: Iterable[Iterable[object]]) -> None:
    """Write rows as CSV; texts that a spreadsheet would compute are escaped, and NULs, at which readers stop, left out.

    Args:
        file: A text file without newline translation (`newline=""`).
        rows: Cells are texts or numbers.
    """
    writer = csv.writer(file)
    writer.writerows([_escape(cell) for cell in row] for row in rows)


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
