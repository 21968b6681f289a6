"""What is missing before a training, in words."""

import pytest

from core.catalog.labels import Label
from core.dataset.issues import case_duplicates, find_dataset_issues


def _label(name: str, train: int = 0, validation: int = 0, test: int = 0) -> Label:
    splits: dict[str | None, int] = {"train": train, "validation": validation, "test": test}
    splits = {split: images for split, images in splits.items() if images}
    return Label(name, name, sum(splits.values()), 0, splits)


FULL = _label("bees", 20, 6, 6)


def test_enough_images_have_no_gap():
    assert find_dataset_issues([FULL, _label("ants", 20, 6, 6)]) == []


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([], "There are no images in any class yet; add images of at least two classes."),
        ([FULL], "There is only one class with images, “bees”; add a second one to tell it from."),
        (
            [FULL, _label("ants", 0, 6, 6)],
            "The class “ants” has no training image; add images to it, or move some to the train split.",
        ),
        (
            [_label("bees", 20, 0, 6), _label("ants", 20, 0, 6)],
            "The validation split is empty; add images, or give it a share and draw the splits again.",
        ),
        (
            [_label("bees", 20, 6, 0), _label("ants", 20, 6, 0)],
            "The test split is empty; add images, or give it a share and draw the splits again.",
        ),
    ],
)
def test_what_makes_a_training_impossible_comes_first(labels, sentence):
    first = find_dataset_issues(labels)[0]
    assert (first.blocking, first.sentence) == (True, sentence)


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        (
            _label("ants", 9, 6, 6),
            "The class “ants” has only 9 training images; 10 or more work much better.",
        ),
        (
            _label("ants", 20, 4, 6),
            "The validation split has fewer than 5 images of “ants”; what is measured there is mostly chance.",
        ),
        (
            _label("ants", 200, 60, 60),
            "The class “ants” has 10 times the images of “bees”; add images to the small one, or weigh the classes "
            "(class weights) on the Model page.",
        ),
        (
            _label("Bees", 20, 6, 6),
            "The classes “bees” and “Bees” differ only by case; merge them if they are the same.",
        ),
    ],
)
def test_what_makes_a_training_doubtful_does_not_block_it(label, sentence):
    gaps = find_dataset_issues([FULL, label])
    assert sentence in [gap.sentence for gap in gaps]
    assert not any(gap.blocking for gap in gaps)


def test_empty_classes_and_images_without_a_class_are_told():
    told = [
        gap.sentence for gap in find_dataset_issues([FULL, _label("ants", 20, 6, 6), _label("wasps")], unlabelled=1200)
    ]
    assert told == [
        "The class “wasps” has no images and takes no part.",
        "1,200 images have no class and take no part; move them to a class.",
    ]


def test_classes_that_differ_by_case_are_found():
    assert case_duplicates(["cats", "dogs", "Cats", "CATS", "dog"]) == [("cats", "Cats", "CATS")]
