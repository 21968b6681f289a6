"""Read the rows of an Excel table (.xlsx) as text. Formulas are not computed; their last saved values are read.

The file may be hostile. It is a zip of XML, so its unpacked size is checked before parsing, and the numbers of rows and
columns are limited.
"""

import io
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, Final

from core.errors import InputError
from core.intake import rejection_messages

UNPACKED_BYTES: Final = 40 * 1000**2
PARTS: Final = 2_000
ROWS: Final = 200_000
COLUMNS: Final = 64
# Sheets whose first row is looked for in this many rows.
SHEETS: Final = 20
HEAD: Final = 20


class SpreadsheetError(InputError):
    """The file cannot be read as an Excel table; the sentence is one of `rejection_messages`."""


def read_spreadsheet(data: bytes, is_wanted: Callable[[list[str]], bool] = any) -> list[list[str]]:
    """Read a sheet of an Excel file.

    Args:
        data: The file.
        is_wanted: Whether a sheet with this first row is the one to read; the first sheet is read if it is none.

    Returns:
        Its rows, at most 64 columns each; empty cells are empty strings.

    Raises:
        SpreadsheetError: It is damaged, protected by a password, or too large.
    """
    try:
        _check_size(data)
        return list(_rows(data, is_wanted))
    except SpreadsheetError:
        raise
    except Exception as error:  # the library raises almost any exception on hostile XML
        raise SpreadsheetError(rejection_messages.TABLE_UNREADABLE) from error


def _check_size(data: bytes) -> None:
    """Check the listed sizes; `zipfile` never unpacks more of a part than its listed size."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED_BYTES:
        raise SpreadsheetError(rejection_messages.TABLE_TOO_LARGE)


def _rows(data: bytes, is_wanted: Callable[[list[str]], bool]) -> Iterator[list[str]]:
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        sheets = book.worksheets[:SHEETS]
        for sheet in sheets:
            sheet.reset_dimensions()  # the declared size may be wrong
        sheet = next((sheet for sheet in sheets if is_wanted(_first_row(sheet))), sheets[0])
        for number, row in enumerate(sheet.iter_rows(max_row=ROWS + 1, max_col=COLUMNS, values_only=True)):
            if number == ROWS:
                raise SpreadsheetError(rejection_messages.TABLE_TOO_LARGE)
            yield [_text(cell) for cell in row]
    finally:
        book.close()


def _first_row(sheet: Any) -> list[str]:  # noqa: ANN401 - untyped in openpyxl
    """Give the first row that is not empty; an empty list if there is none among the first."""
    rows = ([_text(cell) for cell in row] for row in sheet.iter_rows(max_row=HEAD, max_col=COLUMNS, values_only=True))
    return next((row for row in rows if any(row)), [])


def _text(cell: object) -> str:
    """Give a cell as it is displayed: Excel stores 3 as 3.0, and some texts with line breaks."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split())
