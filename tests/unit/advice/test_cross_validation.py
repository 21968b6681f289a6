"""Cross-validation tests every image once, keeps groups whole, and is the same again with the same seed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits

from core.advice.cross_validation import cross_validate
from core.checks.dataset import Dataset
from core.checks.probe import NO_FOLD, assign_folds
from core.errors import DatasetError
from tests.unit.checks.photographs import dataset_of


@pytest.fixture(scope="module")
def digits() -> Dataset:
    data = load_digits()
    features, labels = data.data[:200].astype(np.float32), data.target[:200].tolist()
    classes = tuple(str(number) for number in range(10))
    return dataset_of([Image.new("L", (8, 8))] * 200, labels, features=features, classes=classes)


@st.composite
def grouped(draw):
    labels = draw(st.lists(st.integers(0, 3), min_size=1, max_size=60))
    groups = draw(st.lists(st.integers(0, 25), min_size=len(labels), max_size=len(labels)))
    return np.array(labels, np.int64), np.array(groups, np.int64)


@given(grouped(), st.integers(2, 10), st.integers(0, 2**31 - 1))
def test_folds_keep_groups_whole_and_are_the_same_again(rows, folds, seed):
    labels, groups = rows
    parts = assign_folds(labels, groups, folds, seed)
    assert parts.max(initial=-1) < folds
    assert (parts == assign_folds(labels, groups, folds, seed)).all()
    for group in np.unique(groups):
        assert len(set(parts[groups == group].tolist()) - {NO_FOLD}) <= 1


@given(st.lists(st.integers(2, 30), min_size=2, max_size=4), st.integers(2, 5), st.integers(0, 2**31 - 1))
def test_images_that_stand_alone_are_each_in_one_fold_and_classes_are_spread(sizes, folds, seed):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    parts = assign_folds(labels, np.arange(len(labels)), folds, seed)
    assert NO_FOLD not in parts
    for label in range(len(sizes)):
        assert np.ptp(np.bincount(parts[labels == label], minlength=folds)) <= 2


def test_every_image_is_tested_once(digits: Dataset):
    result = cross_validate(digits, folds=5)
    confusion = np.array(result.confusion)
    assert (result.images, result.left_out, result.folds) == (200, 0, 5)
    assert confusion.sum(axis=1).tolist() == np.bincount(digits.labels).tolist()
    assert np.trace(confusion) / 200 == pytest.approx(result.accuracy.value)
    assert result.mean == pytest.approx(np.mean(result.by_fold))
    assert result.spread == pytest.approx(np.std(result.by_fold, ddof=1))
    assert 0.8 < result.accuracy.low < result.accuracy.value < result.accuracy.high


def test_it_is_the_same_again_with_the_same_seed_and_another_with_another(digits: Dataset):
    first = cross_validate(digits, folds=4, seed=1)
    assert cross_validate(digits, folds=4, seed=1) == first
    assert cross_validate(digits, folds=4, seed=2).by_fold != first.by_fold


def test_labels_without_meaning_are_told_by_chance_alone(digits: Dataset):
    shuffled = np.random.default_rng(0).permutation(digits.labels)
    assert cross_validate(replace(digits, labels=shuffled), folds=5).accuracy.high < 0.25


def test_a_class_of_one_group_is_left_out_and_said(digits: Dataset):
    groups = tuple("one plant" if label == 3 else "" for label in digits.labels)
    result = cross_validate(replace(digits, groups=groups), folds=5)
    assert result.left_out == (digits.labels == 3).sum()
    assert result.sets == 1
    assert sum(result.confusion[3]) == 0


@pytest.mark.parametrize("folds", [1, 21])
def test_a_number_of_folds_that_makes_no_sense_is_refused(digits: Dataset, folds: int):
    with pytest.raises(DatasetError, match="not possible"):
        cross_validate(digits, folds=folds)


def test_images_that_cannot_be_divided_are_refused(digits: Dataset):
    with pytest.raises(DatasetError, match="cannot be divided into folds"):
        cross_validate(replace(digits, labels=np.zeros(200, np.int64)), folds=5)
