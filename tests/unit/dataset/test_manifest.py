"""What a manifest refuses: what is out of shape as a bug, what cannot be trained on with a sentence."""

import numpy as np
import pytest

from core.dataset.manifest import TEST, TRAIN, VALIDATION, Manifest
from core.errors import DatasetError

COMPLETE = [(0, TRAIN), (0, VALIDATION), (0, TEST), (1, TRAIN), (1, VALIDATION), (1, TEST)]


def manifest(rows, classes=("ants", "bees")):
    labels, splits = np.array(rows, np.int64).reshape(-1, 2).T
    names = tuple(f"{row}.jpg" for row in range(len(rows)))
    return Manifest(classes, tuple(f"{row:064}" for row in range(len(rows))), labels, splits.astype(np.int8), names)


def test_rows_of_a_split_ascend():
    assert manifest(COMPLETE).rows(TEST).tolist() == [2, 5]


def test_counts_are_by_class_and_split():
    assert manifest([*COMPLETE, (1, TRAIN)]).counts().tolist() == [[1, 1, 1], [2, 1, 1]]


def test_a_complete_manifest_passes():
    manifest(COMPLETE).check()


@pytest.mark.parametrize(
    ("rows", "classes", "sentence"),
    [
        ([], ("ants", "bees"), "There are no labelled images yet."),
        ([(0, TRAIN)], ("ants",), "There is only one class, 'ants'."),
        (COMPLETE, ("ants", "ants"), "Two classes are both named 'ants'."),
        (COMPLETE, ("ants", "bees", "wasps"), "The class 'wasps' has no images."),
        ([*COMPLETE, (2, TEST)], ("ants", "bees", "wasps"), "The class 'wasps' has no training image."),
        ([(0, TRAIN), (1, TRAIN), (1, TEST)], ("ants", "bees"), "The validation split is empty."),
        ([(0, TRAIN), (1, TRAIN), (1, VALIDATION)], ("ants", "bees"), "The test split is empty."),
    ],
)
def test_what_cannot_be_trained_on_is_said_in_a_sentence(rows, classes, sentence):
    with pytest.raises(DatasetError) as error:
        manifest(rows, classes).check()
    assert error.value.sentence == sentence
    assert error.value.hint


@pytest.mark.parametrize("row", [(2, TRAIN), (-1, TRAIN), (0, 3), (0, -1)])
def test_labels_and_splits_out_of_range_are_bugs(row):
    with pytest.raises(ValueError, match=r"labels|splits"):
        manifest([row])


def test_columns_of_different_length_are_bugs():
    with pytest.raises(ValueError, match="2 digests"):
        Manifest(("a", "b"), ("x", "y"), np.zeros(3, np.int64), np.zeros(2, np.int8), ("x", "y"))
