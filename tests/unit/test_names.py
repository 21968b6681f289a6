"""A name is one short line of visible characters, whatever gave it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DatasetError
from core.intake.file_names import unique_name
from core.names import FILE_NAME_LENGTH, NAME_LENGTH, check_name, clean_name, free_number


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("  red   ants ", "red ants"),
        ("red\nants\t2\r\n", "red ants 2"),
        ("red\x00\x1b[31mants", "red [31mants"),
        ("red\u2028ants\u2029", "red ants"),
        ("gnp.\u202etna", "gnp.tna"),
        ("\u2066ants\u2069\ufeff\u200b", "ants"),
        ("u\u0308ber", "über"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("\ud800ants", "ants"),
        ("\u200d", ""),
        ("", ""),
    ],
)
def test_a_name_is_one_line_of_visible_characters(text, name):
    assert clean_name(text) == name


def test_long_names_are_cut_and_stay_different():
    first, second = clean_name("a" * 60_000 + "b"), clean_name("a" * 60_000 + "c")
    assert first != second
    assert len(first) == len(second) == NAME_LENGTH
    assert first.startswith("a" * 80)
    assert clean_name("a" * NAME_LENGTH) == "a" * NAME_LENGTH


@given(st.text())
def test_a_clean_name_stays_as_it_is(text):
    name = clean_name(text)
    assert clean_name(name) == name
    assert len(name) <= NAME_LENGTH
    assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in name)
    assert name == name.strip()


def test_a_file_name_may_be_longer():
    assert len(clean_name("a" * 500, FILE_NAME_LENGTH)) == FILE_NAME_LENGTH


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u202e"])
def test_a_typed_name_has_a_visible_character(text):
    with pytest.raises(DatasetError, match=r"The class has no name\. Type one\."):
        check_name(text, "class")


def test_a_typed_name_that_is_too_long_is_said_in_a_sentence():
    with pytest.raises(DatasetError, match=r"The name of the run has 101 characters\. Use at most 100\."):
        check_name("a" * 101, "run")


@given(st.integers(0, 5000), st.sets(st.integers(2, 5000)))
def test_a_number_is_found_with_few_questions(last: int, scattered: set[int]):
    asked: list[int] = []

    def is_used(number: int) -> bool:
        asked.append(number)
        return number <= last or number in scattered

    found = free_number(is_used)
    assert not is_used(found)
    assert len(asked) < 35
    if not scattered:
        assert found == max(2, last + 1)


def test_a_name_that_comes_often_is_numbered_in_order():
    used: set[str] = set()
    names = [unique_name("scene/a.tar.gz", used) for _ in range(20_000)]
    assert len(set(names)) == 20_000
    assert names[:3] == ["scene/a.tar.gz", "scene/a.tar (2).gz", "scene/a.tar (3).gz"]
