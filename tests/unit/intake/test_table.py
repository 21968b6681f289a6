"""Tables beside the images: which encodings, delimiters and column names are read."""

import pytest

from core.intake import rejection_messages
from core.intake.table import TableError, read_table


def cells(text):
    table = read_table(text if isinstance(text, bytes) else text.encode())
    return [list(table.head), *table.rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter):
    assert cells("file,label\n1.jpg,ants\n".replace(",", delimiter)) == [["file", "label"], ["1.jpg", "ants"]]


def test_a_first_line_may_name_the_delimiter():
    assert cells("sep=;\nfile;label\n1.jpg;ants, red\n") == [["file", "label"], ["1.jpg", "ants, red"]]


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(coding):
    assert cells("file,label\nä.jpg,Käfer\n".encode(coding)) == [["file", "label"], ["ä.jpg", "Käfer"]]


@pytest.mark.parametrize(
    ("label", "coding"), [("고양이 강아지", "euc_kr"), ("ねこ", "shift_jis"), ("小猫咪", "gb2312")]
)
def test_older_encodings_are_guessed_from_the_whole_table(label, coding):
    assert cells(f"file,label\n1.jpg,{label}\n".encode(coding))[1] == ["1.jpg", label]


def test_quoted_cells_may_contain_delimiters_and_line_breaks():
    assert cells('"file","label"\n"a,b.jpg","ants,\nred"\n')[1] == ["a,b.jpg", "ants,\nred"]


def test_short_and_empty_lines():
    assert cells("label,file\n\nants\nbees,2.jpg\n , \n")[1:] == [["ants", ""], ["bees", "2.jpg"]]


def test_cells_are_composed_and_stripped():
    assert cells("file,label\n 1.jpg ,Ba\u0308r \n")[1] == ["1.jpg", "B\u00e4r"]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("File Name", "file"),
        ("image-path", "file"),
        ("Dateiname", "file"),
        ("nom du fichier", "file"),
        ("文件名", "file"),
        ("ファイル名", "file"),
        ("파일명", "file"),
        ("имя файла", "file"),
        ("Class", "label"),
        ("catégorie", "label"),
        ("Étiquette", "label"),
        ("ラベル", "label"),
        ("类别", "label"),
        ("класс", "label"),
        ("Klasse", "label"),
        ("dx", "label"),
        ("Subset", "split"),
        ("Patient ID", "group"),
        ("Plant", "group"),
    ],
)
def test_names_of_columns_in_several_languages(name, role):
    assert list(read_table(f"x,{name}\n1,2\n".encode()).find(role)) == [1]


@pytest.mark.parametrize("data", [b"file,label\n\x00\x01\x02", b'file,label\n"' + b"x" * 200_000])
def test_a_file_that_is_no_table_is_rejected(data):
    with pytest.raises(TableError) as error:
        read_table(data)
    assert error.value.sentence == rejection_messages.TABLE_UNREADABLE


@pytest.mark.parametrize("data", [b"", b"\n , \n"])
def test_an_empty_table_is_rejected(data):
    with pytest.raises(TableError) as error:
        read_table(data)
    assert error.value.sentence == rejection_messages.TABLE_EMPTY
