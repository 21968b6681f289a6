"""Which sentences about files are reasons why images have no class."""

import pytest

from core.intake import rejection_messages
from core.intake.rejection_messages import explains_missing_class


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
