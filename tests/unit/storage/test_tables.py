"""A table opens in a spreadsheet without computing anything, and is read back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.storage.tables import read_csv, write_csv


def written(rows: list[list[object]]) -> str:
    file = io.StringIO(newline="")
    write_csv(file, rows)
    return file.getvalue()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "'=1"])
def test_no_text_is_a_formula(text):
    ((cell,),) = csv.reader(io.StringIO(written([[text]]), newline=""))
    assert cell == f"'{text}"


def test_numbers_stay_numbers():
    assert written([[-0.5, 3, "ants"]]) == "-0.5,3,ants\r\n"


def test_a_nul_is_left_out():
    assert written([["a\0b"]]) == "ab\r\n"


@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\0")), min_size=1), min_size=1))
def test_rows_are_read_back_as_they_were(rows):
    assert list(read_csv(io.StringIO(written(rows), newline=""))) == rows
