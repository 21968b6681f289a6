"""What is missing before a training, as codes with a sentence."""

import pytest

from core.catalog.labels import Label
from core.dataset.issues import DatasetIssue, case_duplicates, find_dataset_issues


def _label(name: str, train: int = 0, validation: int = 0, test: int = 0) -> Label:
    splits: dict[str | None, int] = {"train": train, "validation": validation, "test": test}
    splits = {split: images for split, images in splits.items() if images}
    return Label(name, name, sum(splits.values()), 0, splits)


BEES = _label("bees", 20, 6, 6)
ANTS = _label("ants", 20, 6, 6)


def _without_sentence(issue: DatasetIssue) -> tuple[object, ...]:
    assert issue.sentence.endswith(".")
    return (issue.code, issue.classes, issue.split)


def test_enough_images_have_no_issue():
    assert find_dataset_issues([BEES, ANTS]) == []


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([], ("no-images", (), None)),
        ([BEES], ("one-class", ("bees",), None)),
        ([BEES, _label("ants", 0, 6, 6)], ("no-training-images", ("ants",), "train")),
        ([_label("bees", 20, 0, 6), _label("ants", 20, 0, 6)], ("empty-split", (), "validation")),
        ([_label("bees", 20, 6, 0), _label("ants", 20, 6, 0)], ("empty-split", (), "test")),
    ],
)
def test_what_makes_a_training_impossible_comes_first(labels, expected):
    first = find_dataset_issues(labels)[0]
    assert first.blocking
    assert _without_sentence(first) == expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (_label("ants", 9, 6, 6), ("few-training-images", ("ants",), "train")),
        (_label("ants", 20, 4, 6), ("few-evaluation-images", ("ants",), "validation")),
        (_label("ants", 200, 60, 60), ("class-imbalance", ("ants", "bees"), None)),
        (_label("Bees", 20, 6, 6), ("case-duplicates", ("bees", "Bees"), None)),
    ],
)
def test_what_makes_a_training_doubtful_does_not_block_it(label, expected):
    issues = find_dataset_issues([BEES, label])
    assert expected in [_without_sentence(issue) for issue in issues]
    assert not any(issue.blocking for issue in issues)


def test_empty_classes_and_images_without_a_class_are_named():
    issues = find_dataset_issues([BEES, ANTS, _label("wasps")], unlabelled=1200)
    assert [_without_sentence(issue) for issue in issues] == [
        ("empty-class", ("wasps",), None),
        ("unlabelled-images", (), None),
    ]
    assert issues[1].sentence == "1,200 images have no class and take no part; move them to a class."
    (one,) = find_dataset_issues([BEES, ANTS], unlabelled=1)
    assert one.sentence == "1 image has no class and takes no part; move it to a class."


def test_a_sentence_has_the_numbers_and_names_of_its_issue():
    (few,) = [issue for issue in find_dataset_issues([BEES, _label("ants", 9, 6, 6)]) if issue.classes == ("ants",)]
    assert few.sentence == "The class “ants” has only 9 training images; 10 or more work much better."
    labels = [_label(f"class {number}", 20, 4, 6) for number in range(5)]
    (listed,) = find_dataset_issues(labels)
    assert listed.sentence == (
        "The validation split has fewer than 5 images of “class 0”, “class 1”, “class 2” and 2 more; what is measured "
        "there is mostly chance."
    )


def test_classes_that_differ_by_case_are_found():
    assert case_duplicates(["cats", "dogs", "Cats", "CATS", "dog"]) == [("cats", "Cats", "CATS")]
