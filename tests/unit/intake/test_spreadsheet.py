"""Excel tables are read as displayed; hostile ones are rejected."""

import datetime
import io
import zipfile

import pytest
from intake_files import accepted_and_rejected, picture, zipped
from openpyxl import Workbook

from core.intake import rejection_messages, spreadsheet
from core.intake.table import TableError, read_table


def workbook(rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def with_part(data, name, change):
    """The same file with one of its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, change(old.read(part)) if part == name else old.read(part))
    return out.getvalue()


def rejection(data):
    with pytest.raises(TableError) as error:
        read_table(data)
    return error.value.sentence


def test_cells_are_read_as_a_person_sees_them():
    data = workbook(
        [
            [None, None],
            ["File name", "Class", "Split", "Patient ID"],
            ["1.jpg", 3, "val", 17.0],
            [2, "two\nlines", None, None],
            ["d.jpg", datetime.date(2024, 2, 1), "test", True],
        ]
    )
    table = read_table(data)
    assert table.head == ("File name", "Class", "Split", "Patient ID")
    assert table.rows == [
        ["1.jpg", "3", "val", "17"],
        ["2", "two lines", "", ""],
        ["d.jpg", "2024-02-01 00:00:00", "test", "True"],
    ]


def test_a_formula_is_not_computed():
    table = read_table(workbook([["file", "label"], ["1.jpg", '=HYPERLINK("http://a.example")']]))
    assert table.rows == [["1.jpg", ""]]


SHEET = "xl/worksheets/sheet1.xml"
GOOD = workbook([["file", "label"], ["1.jpg", "ants"]])


def test_a_file_that_is_large_unpacked_is_rejected():
    bomb = with_part(GOOD, SHEET, lambda xml: xml + b" " * (spreadsheet.UNPACKED_BYTES + 1))
    assert len(bomb) < 100_000
    assert rejection(bomb) == rejection_messages.TABLE_TOO_LARGE


def test_a_table_of_too_many_rows_is_rejected(monkeypatch):
    monkeypatch.setattr(spreadsheet, "ROWS", 5)
    assert (
        rejection(workbook([["file", "label"]] + [[f"{n}.jpg", "ants"] for n in range(6)]))
        == rejection_messages.TABLE_TOO_LARGE
    )


def test_a_row_number_beyond_all_tables_costs_nothing():
    far = with_part(
        GOOD, SHEET, lambda xml: xml.replace(b'r="2"', b'r="99999999999999"').replace(b'r="B2"', b'r="ZZZ2"')
    )
    assert rejection(far) == rejection_messages.TABLE_TOO_LARGE


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12))
    + b"]><worksheet><sheetData><row><c t='inlineStr'><is><t>&m;</t></is></c></row></sheetData></worksheet>"
)


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04 no zip",
        GOOD[:-200],
        with_part(GOOD, SHEET, lambda _xml: b"<worksheet><sheetData><row"),
        with_part(GOOD, SHEET, lambda _xml: ENTITIES),
        with_part(GOOD, "xl/workbook.xml", lambda _xml: b"<nothing/>"),
    ],
    ids=["no zip", "cut off", "cut xml", "entities", "no sheet"],
)
def test_a_broken_or_hostile_file_is_rejected(data):
    assert rejection(data) == rejection_messages.TABLE_UNREADABLE


TABLE = workbook([["file", "label", "split", "group"], ["1.png", "ants", "test", "p1"], ["2.png", "bees", None, None]])


def test_an_excel_table_in_a_zip_gives_classes_splits_and_groups(tmp_path, store):
    files = {"images/1.png": picture(1), "images/2.png": picture(2), "images/labels.xlsx": TABLE}
    accepted, rejected = accepted_and_rejected(zipped(tmp_path / "a.zip", files), store)
    assert {name: (one.label, one.split, one.group) for name, one in accepted.items()} == {
        "images/1.png": ("ants", "test", "p1"),
        "images/2.png": ("bees", None, None),
    }
    assert rejected == {}


@pytest.mark.parametrize(
    ("name", "table"), [("labels.xlsx", TABLE), ("labels.csv", b"file,label\n1.png,ants\n2.png,bees\n")]
)
def test_a_table_beside_the_archives_speaks_for_all_of_them(tmp_path, store, name, table):
    (tmp_path / name).write_bytes(table)
    first, second = (zipped(tmp_path / f"{n}.zip", {f"{n}.png": picture(n)}) for n in (1, 2))
    accepted, rejected = accepted_and_rejected([tmp_path / name, first, second], store)
    assert {name: one.label for name, one in accepted.items()} == {"1.png": "ants", "2.png": "bees"}
    assert rejected == {}


@pytest.mark.parametrize("name", ["old.xls", "open.ods"])
def test_other_tables_are_rejected_for_what_they_are(tmp_path, store, name):
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0 something")
    _, rejected = accepted_and_rejected(
        [tmp_path / name, zipped(tmp_path / "a.zip", {"a/1.png": picture(1), "b/2.png": picture(2)})], store
    )
    assert rejected == {name: rejection_messages.TABLE_UNREADABLE}


def test_the_first_sheet_that_names_files_is_read():
    book = Workbook()
    book.active.append(["Project", "Wild bees"])
    sheet = book.create_sheet("Photos")
    sheet.append([])
    sheet.append(["Dateiname", "Art"])
    sheet.append(["1.jpg", "Osmia"])
    data = io.BytesIO()
    book.save(data)
    found = read_table(data.getvalue())
    assert (found.head, found.rows) == (("Dateiname", "Art"), [["1.jpg", "Osmia"]])
