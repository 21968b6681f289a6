"""Read the rows of an Excel table (.xlsx) as text. Formulas are not computed; their last saved values are read.

The file may be hostile. It is a zip of XML, so its unpacked size is checked before parsing, and the numbers of rows and
columns are limited.
"""

import io
import warnings
import zipfile
from collections.abc import Iterator
from typing import Final

from core.errors import InputError
from core.intake import rejection_messages

UNPACKED_BYTES: Final = 40 * 1000**2
PARTS: Final = 2_000
ROWS: Final = 200_000
COLUMNS: Final = 64


class SpreadsheetError(InputError):
    """The file cannot be read as an Excel table; the sentence is one of `rejection_messages`."""


def read_spreadsheet(data: bytes) -> list[list[str]]:
    """Read the first sheet of an Excel file.

    Returns:
        Its rows, at most 64 columns each; empty cells are empty strings.

    Raises:
        SpreadsheetError: It is damaged, protected by a password, or too large.
    """
    try:
        _check_size(data)
        return list(_rows(data))
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


def _rows(data: bytes) -> Iterator[list[str]]:
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # the declared size may be wrong
        for number, row in enumerate(sheet.iter_rows(max_row=ROWS + 1, max_col=COLUMNS, values_only=True)):
            if number == ROWS:
                raise SpreadsheetError(rejection_messages.TABLE_TOO_LARGE)
            yield [_text(cell) for cell in row]
    finally:
        book.close()


def _text(cell: object) -> str:
    """Give a cell as it is displayed: Excel stores 3 as 3.0, and some texts with line breaks."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split())
