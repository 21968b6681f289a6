"""Which sentences about files are reasons why images have no class, or concern lists that were not used."""

import pytest

from core.intake import rejection_messages
from core.intake.rejection_messages import concerns_unused_list, explains_missing_class


@pytest.mark.parametrize(
    "sentence",
    [
        rejection_messages.NOT_NAMED.format(images=1200),
        rejection_messages.SEVERAL_CLASSES.format(values="cat, a\nname in two lines"),
        rejection_messages.TABLE_NAMES_NO_FILE.format(rows=3, column="{file} (1)"),
        rejection_messages.CLASS_LIST,
        rejection_messages.MASKS.format(images=1200, name="b (1)_mask.png"),
    ],
)
def test_a_note_on_a_table_or_folder_explains_a_missing_class(sentence: str):
    assert explains_missing_class(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        rejection_messages.EMPTY,
        rejection_messages.SEVERAL_SPLITS.format(values="train, test"),
        rejection_messages.INNER_FOLDERS.format(folders="a, b"),
        f"{rejection_messages.CLASS_LIST} {rejection_messages.EMPTY}",
    ],
)
def test_another_sentence_does_not(sentence: str):
    assert not explains_missing_class(sentence)


def test_lists_that_were_not_used_are_told_from_other_notes():
    divides = rejection_messages.LIST_DIVIDES.format(lists=4)
    assert concerns_unused_list(divides)
    assert concerns_unused_list(rejection_messages.OTHER_LISTS.format(sentence=divides, lists=3))
    assert not concerns_unused_list(rejection_messages.NOT_NAMED.format(images=4))
