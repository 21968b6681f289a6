"""Classes and splits from folders; system files are ignored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intake.file_names import decode_names, is_ignored, split_path
from core.intake.layout import Annotation, read_layout


def places(*paths):
    return read_layout([split_path(path) for path in paths]).annotations


def labels(*paths):
    return [place.label for place in places(*paths)]


def test_a_folder_is_a_class():
    assert labels("ants/1.jpg", "bees/2.jpg") == ["ants", "bees"]


def test_a_wrapping_folder_is_not():
    assert labels("photos/ants/1.jpg", "photos/bees/2.jpg") == ["ants", "bees"]


def test_two_wrapping_folders_are_not():
    assert labels("a/b/ants/1.jpg", "a/b/bees/2.jpg") == ["ants", "bees"]


def test_files_beside_the_class_folders_have_no_class():
    assert labels("photos/ants/1.jpg", "photos/bees/2.jpg", "photos/readme.txt") == ["ants", "bees", None]


def test_one_class_alone_stays_a_class():
    assert labels("ants/1.jpg", "ants/2.jpg") == ["ants", "ants"]


def test_folders_within_a_class_belong_to_it():
    assert labels("ants/red/1.jpg", "ants/2.jpg", "bees/3.jpg") == ["ants", "ants", "bees"]


def test_files_without_folders_have_no_class():
    assert labels("1.jpg", "2.jpg") == [None, None]


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [("train", "val", "test"), ("Training", "VALID", "Testing"), ("data/train", "data/validation", "data/test")],
)
def test_split_folders_lie_above_the_classes(train, validation, test):
    found = places(f"{train}/ants/1.jpg", f"{validation}/bees/2.jpg", f"{test}/ants/3.jpg")
    assert found == [Annotation("ants", "train"), Annotation("bees", "validation"), Annotation("ants", "test")]


def test_a_split_without_classes_has_none():
    found = places("train/ants/1.jpg", "train/bees/2.jpg", "test/3.jpg")
    assert found[2] == Annotation(None, "test")


def test_a_train_folder_alone_is_a_split():
    assert places("train/ants/1.jpg", "train/bees/2.jpg") == [Annotation("ants", "train"), Annotation("bees", "train")]


def test_folders_that_are_not_all_splits_are_classes():
    assert labels("train/1.jpg", "bus/2.jpg") == ["train", "bus"]


@pytest.mark.parametrize(
    "path", ["__MACOSX/ants/._1.jpg", "ants/.DS_Store", "ants/Thumbs.db", ".git/x.jpg", "desktop.ini", "ants/._1.jpg"]
)
def test_leftovers_of_operating_systems_are_ignored(path):
    assert is_ignored(split_path(path))


@pytest.mark.parametrize(
    "path", ["../x.jpg", "a/../../x.jpg", "/etc/x.jpg", "C:/x.jpg", "\\x.jpg", "a\\..\\..\\x", "a\0b"]
)
def test_paths_that_lead_out_have_no_parts(path):
    assert split_path(path) is None


@given(st.text())
def test_no_part_of_a_path_leads_anywhere_else(name):
    parts = split_path(name)
    for part in parts or ():
        assert part not in ("", ".", "..")
        assert "/" not in part
        assert "\\" not in part


def test_back_slashes_divide_too():
    assert split_path("ants\\1.jpg") == ("ants", "1.jpg")


def test_names_are_composed():
    assert split_path("Ba\u0308r/e\u0301.jpg") == ("B\u00e4r", "\u00e9.jpg")


@pytest.mark.parametrize("name", ["قطط/صورة.jpg", "猫/照片.jpg", "🐝🐜/1.jpg", "Ängste/œuf.jpg"])
def test_names_of_any_script_are_classes(name):
    assert labels(name, "x/2.jpg")[0] == name.split("/")[0]


@pytest.mark.parametrize(
    ("name", "coding"),
    [
        ("قطط/صورة.jpg", "utf-8"),
        ("猫咪/照片.jpg", "utf-8"),
        ("🐝/1.jpg", "utf-8"),
        ("猫咪/照片.jpg", "gb2312"),
        ("قطط/صورة.jpg", "cp720"),
        ("고양이/강아지.jpg", "euc_kr"),
        ("ねこ/いぬ.jpg", "shift_jis"),
        ("貓/狗.jpg", "big5"),
        ("кот/собака.jpg", "cp866"),
        ("Müller/Füße.jpg", "cp437"),
        ("niño/año.jpg", "cp437"),
        ("plain/1.jpg", "ascii"),
    ],
)
def test_names_of_old_zips_are_recovered(name, coding):
    parts = name.split("/")
    assert decode_names([part.encode(coding) for part in parts]) == parts


@given(st.lists(st.binary()))
def test_any_names_can_be_decoded(raw):
    assert all(isinstance(name, str) for name in decode_names(raw))
    assert len(decode_names(raw)) == len(raw)
