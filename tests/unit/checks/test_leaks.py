"""Fixed splits that tear copies, bursts or groups apart."""

import numpy as np

from core.checks.leaks import leaks
from tests.unit.checks.photographs import dataset_of, photograph

TRAIN, VALIDATION, TEST, NONE = 0, 1, 2, -1
PICTURES = [photograph(seed) for seed in range(4)]


def found(splits: list[int], **columns: object):
    images = [*PICTURES, PICTURES[0].resize((90, 90))]
    return leaks(dataset_of(images, splits=np.array(splits, np.int8), **columns))


def test_a_copy_in_another_split_is_a_leak_and_the_test_split_stays_what_it_was():
    result = found([TRAIN, TRAIN, VALIDATION, TEST, TEST])
    assert result.sets == ((0, 4),)
    assert result.repair.rows.tolist() == [0]
    assert "the test split would be easier" in result.summary


def test_a_patient_in_three_splits_leaks_into_both_that_measure():
    result = found([TRAIN, TRAIN, VALIDATION, TEST, TRAIN], groups=("", "p1", "p1", "p1", ""))
    assert result.sets == ((1, 2, 3),)
    assert result.repair.rows.tolist() == [1, 2]
    assert "the test split and the validation split" in result.summary


def test_what_is_in_one_split_or_in_none_yet_is_no_leak():
    assert not found([TRAIN, VALIDATION, TEST, TEST, TRAIN]).flags.any()
    assert not found([TRAIN, VALIDATION, TEST, TEST, NONE]).flags.any()
