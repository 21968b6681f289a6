"""The counts above the rows of the classes."""

import pytest

from core.catalog.labels import Label
from pages.images.class_rows import describe_counts

BEES = Label("1", "bees", images=10, excluded=1, splits={"train": 7, "validation": 2, "test": 1})
ANTS = Label("2", "ants", images=1, excluded=0, splits={None: 1})


@pytest.mark.parametrize(
    ("labels", "unlabelled", "sentence"),
    [
        ([BEES], 0, "**10 images** in 1 class: 7 train, 2 validation, 1 test. Beside them: 1 set aside."),
        ([ANTS], 0, "**1 image** in 1 class."),
        (
            [BEES, ANTS],
            1200,
            "**11 images** in 2 classes: 7 train, 2 validation, 1 test. "
            "Beside them: 1 set aside, 1,200 without a class.",
        ),
        ([], 4, "**4 images** without a class."),
    ],
)
def test_the_counts_name_splits_and_what_takes_no_part(labels, unlabelled, sentence):
    assert describe_counts(labels, unlabelled) == sentence
