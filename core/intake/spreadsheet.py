"""Excel tables (.xlsx) -> rows of text. Formulas are not computed: what was last saved of them is read.

The file comes from anywhere: it is a zip of XML, so that its size unpacked is bounded before anything is parsed, and
rows and columns beyond those of a table of images are not read.
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
    """The file is no Excel table that can be read; its sentence is one of `reasons`."""


def read_spreadsheet(data: bytes) -> list[list[str]]:
    """Read the first sheet of an Excel file.

    Returns:
        Its rows, at most 64 columns; empty cells are empty texts.

    Raises:
        SpreadsheetError: It is damaged, protected by a password, or larger than a table of images can be.
    """
    try:
        _check_size(data)
        return list(_rows(data))
    except SpreadsheetError:
        raise
    except Exception as error:  # the library raises nearly everything on hostile XML
        raise SpreadsheetError(rejection_messages.TABLE_UNREADABLE) from error


def _check_size(data: bytes) -> None:
    """Look at the list of parts; the zip itself never gives more of a part than the list says."""
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
        sheet.reset_dimensions()  # what the file says of its size may be wrong
        for number, row in enumerate(sheet.iter_rows(max_row=ROWS + 1, max_col=COLUMNS, values_only=True)):
            if number == ROWS:
                raise SpreadsheetError(rejection_messages.TABLE_TOO_LARGE)
            yield [_text(cell) for cell in row]
    finally:
        book.close()


def _text(cell: object) -> str:
    """A cell as a person reads it: Excel stores the 3 of a class as 3.0, and some texts with line ends."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split())
