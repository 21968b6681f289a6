"""Tables beside the images: which columns and codings are understood, and how a row finds its file."""

import pytest

from core.intake import rejection_messages
from core.intake.layout import Annotation, split_path
from core.intake.results import Rejected
from core.intake.table import Row, TableError, match, read_table


def matched(table, *paths, at="labels.csv"):
    return match(read_table(table.encode()), [split_path(path) for path in paths], split_path(at))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_rows_with_all_columns(delimiter):
    text = "File Name,Class,Split,Patient ID\n1.jpg,ants,val,p1\n2.jpg,bees,,\n".replace(",", delimiter)
    assert read_table(text.encode()) == [
        Row("1.jpg", Annotation("ants", "validation", "p1")),
        Row("2.jpg", Annotation("bees", None, None)),
    ]


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_codings(coding):
    assert read_table("file,label\nä.jpg,Käfer\n".encode(coding)) == [Row("ä.jpg", Annotation("Käfer"))]


def test_quoted_names_may_contain_the_delimiter():
    assert read_table(b'file,label\n"a,b.jpg","ants, red"\n') == [Row("a,b.jpg", Annotation("ants, red"))]


def test_short_and_empty_lines_are_no_rows_and_no_harm():
    assert read_table(b"label,file\n\nants\nbees,2.jpg\n , \n") == [
        Row("", Annotation("ants")),
        Row("2.jpg", Annotation("bees")),
    ]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "file,size\n1.jpg,3\n", "label\nants\n"])
def test_a_table_without_the_columns_is_rejected(text):
    with pytest.raises(TableError) as error:
        read_table(text.encode())
    assert error.value.sentence == rejection_messages.TABLE_WITHOUT_COLUMNS


@pytest.mark.parametrize("data", [b"file,label\n\x00\x01\x02", b'file,label\n"' + b"x" * 200_000])
def test_a_table_that_is_none_is_rejected(data):
    with pytest.raises(TableError) as error:
        read_table(data)
    assert error.value.sentence == rejection_messages.TABLE_UNREADABLE


@pytest.mark.parametrize(
    "name", ["images/1.jpg", "set/images/1.jpg", "1.jpg", "1", "1.JPG", "images\\1.jpg", "./images/1.jpg"]
)
def test_ways_to_name_a_file(name):
    places, unmatched = matched(f"file,label\n{name},ants\n", "set/images/1.jpg", "set/images/2.jpg")
    assert places == {0: Annotation("ants")}
    assert unmatched == []


def test_a_path_from_the_tables_folder_comes_first():
    places, _ = matched("file,label\n1.jpg,ants\n", "a/1.jpg", "b/1.jpg", at="b/labels.csv")
    assert places == {1: Annotation("ants")}


@pytest.mark.parametrize("name", ["3.jpg", "1.jpg"])
def test_a_row_that_means_no_file_or_several_is_rejected(name):
    places, unmatched = matched(f"file,label\n{name},ants\n", "a/1.jpg", "b/1.jpg")
    assert places == {}
    assert unmatched == [Rejected(name, rejection_messages.NAMED_BUT_NOT_THERE)]
