"""A random split flatters where copies, bursts or groups are; an honest one does not."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.advice.split_comparison import compare_splits
from core.checks.dataset import Dataset
from tests.unit.checks.photographs import dataset_of, photograph


def pixels(images: list[Image.Image]) -> np.ndarray:
    """Colours of the pictures, as coarse features."""
    return np.stack([np.asarray(image.resize((8, 8)), np.float32).ravel() for image in images])


def photographs(n: int) -> list[Image.Image]:
    """Of two classes, of which the second is a little brighter: hard to tell, and not impossible."""
    return [photograph(seed).point(lambda value, shift=6 * (seed % 2): min(255, value + shift)) for seed in range(n)]


def as_dataset(images: list[Image.Image], labels: list[int], names: list[str], **columns: object) -> Dataset:
    return dataset_of(images, labels, names=tuple(names), features=pixels(images), **columns)


@pytest.fixture(scope="module")
def single() -> Dataset:
    images = photographs(80)
    return as_dataset(images, [row % 2 for row in range(80)], [f"{row}-single.jpg" for row in range(80)])


@pytest.fixture(scope="module")
def in_bursts() -> Dataset:
    """The same photographs, each with two more frames in which the camera moved a little."""
    images, names, labels = [], [], []
    for row, picture in enumerate(photographs(80)):
        for frame in range(3):
            images.append(picture.crop((2 * frame, 0, 154 + 2 * frame, 160)).resize(picture.size))
            names.append(f"shot {chr(65 + row)} 00{frame}.jpg")
            labels.append(row % 2)
    return as_dataset(images, labels, names)


def test_a_burst_across_the_split_changes_the_random_accuracy_and_not_the_honest_one(
    single: Dataset, in_bursts: Dataset
):
    compared = compare_splits(in_bursts)
    without = compare_splits(replace(single, groups=("together", "together", *[""] * 78)))
    assert compared.sets == 80
    assert compared.in_sets == 240
    assert compared.random.value > 0.85
    assert compared.random.value - without.random.value > 0.15
    assert abs(compared.honest.value - without.honest.value) < 0.05
    assert compared.leaks
    assert compared.gap.low > 0.1
    assert "no skill" in compared.sentence()


def test_sets_that_tell_nothing_of_each_other_make_no_difference(single: Dataset):
    compared = compare_splits(replace(single, groups=tuple(f"site {row // 4}" for row in range(80))))
    assert compared.sets == 20
    assert not compared.leaks
    assert compared.gap.low < 0 < compared.gap.high
    assert "no difference" in compared.sentence()


def test_the_same_images_give_the_same_answer(in_bursts: Dataset):
    assert compare_splits(in_bursts, seeds=1) == compare_splits(in_bursts, seeds=1)


def test_where_every_image_stands_alone_there_is_nothing_to_compare(single: Dataset):
    assert compare_splits(single) is None


def test_without_features_or_with_one_class_there_is_nothing_to_compare(in_bursts: Dataset):
    assert compare_splits(replace(in_bursts, features=None)) is None
    assert compare_splits(replace(in_bursts, labels=np.zeros(240, np.int64))) is None


def test_a_person_can_stop_it(in_bursts: Dataset):
    assert compare_splits(in_bursts, should_stop=lambda: True) is None
