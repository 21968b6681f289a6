"""What the classes and splits of a project lack: what makes a training impossible, and what makes it doubtful."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from core.catalog.labels import Label
from core.dataset.manifest import SPLIT_NAMES, TEST, TRAIN, VALIDATION, SplitName

# Below these, an accuracy is mostly chance: with 5 validation images it moves in steps of 20 points.
FEW_TRAINING_IMAGES: Final = 10
FEW_EVALUATION_IMAGES: Final = 5
IMBALANCE_RATIO: Final = 5
LISTED_CLASSES: Final = 3

IssueCode = Literal[
    "no-images",
    "one-class",
    "no-training-images",
    "empty-split",
    "few-training-images",
    "few-evaluation-images",
    "class-imbalance",
    "case-duplicates",
    "empty-class",
    "unlabelled-images",
]


@dataclass(frozen=True)
class DatasetIssue:
    """One thing that is missing.

    Attributes:
        code: Which kind of issue.
        blocking: Whether it makes a training impossible.
        sentence: What is missing and what to do, for a person.
        classes: Names of the classes it is about.
        split: The split it is about; None for all.
    """

    code: IssueCode
    blocking: bool
    sentence: str
    classes: tuple[str, ...] = ()
    split: SplitName | None = None


def find_dataset_issues(labels: Sequence[Label], unlabelled: int = 0) -> list[DatasetIssue]:
    """Return what is missing; what makes a training impossible comes first.

    Args:
        labels: The classes with their counts, as from `list_labels`.
        unlabelled: Number of included images without a class.
    """
    used = [label for label in labels if label.images]
    issues = list(_blocking(used))
    if len(used) > 1:
        issues += _doubtful(used)
    issues += _case_duplicates(labels)
    issues += [
        DatasetIssue("empty-class", False, f"The class “{label.name}” has no images and takes no part.", (label.name,))
        for label in labels
        if not label.images
    ]
    if unlabelled:
        sentence = (
            "1 image has no class and takes no part; move it to a class."
            if unlabelled == 1
            else f"{unlabelled:,} images have no class and take no part; move them to a class."
        )
        issues.append(DatasetIssue("unlabelled-images", False, sentence))
    return issues


def case_duplicates(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return groups of class names that differ only by case; each group is probably one class."""
    folded = sorted(dict.fromkeys(names), key=str.casefold)
    groups = (tuple(group) for _, group in itertools.groupby(folded, key=str.casefold))
    return [group for group in groups if len(group) > 1]


def _blocking(used: Sequence[Label]) -> Iterator[DatasetIssue]:
    if not used:
        yield DatasetIssue(
            "no-images", True, "There are no images in any class yet; add images of at least two classes."
        )
        return
    if len(used) == 1:
        name = used[0].name
        sentence = f"There is only one class with images, “{name}”; add a second one to tell it from."
        yield DatasetIssue("one-class", True, sentence, (name,))
    for label in used:
        if not label.splits.get(SPLIT_NAMES[TRAIN]) and not label.splits.get(None):
            sentence = f"The class “{label.name}” has no training image; add images to it, or move some to train."
            yield DatasetIssue("no-training-images", True, sentence, (label.name,), SPLIT_NAMES[TRAIN])
    for split in (SPLIT_NAMES[VALIDATION], SPLIT_NAMES[TEST]):
        if not any(label.splits.get(split) for label in used):
            sentence = f"The {split} split is empty; add images, or give it a share and draw the splits again."
            yield DatasetIssue("empty-split", True, sentence, split=split)


def _doubtful(used: Sequence[Label]) -> Iterator[DatasetIssue]:
    for label in used:
        training = label.splits.get(SPLIT_NAMES[TRAIN], 0)
        if 0 < training < FEW_TRAINING_IMAGES:
            sentence = (
                f"The class “{label.name}” has only {training} training image{'s' if training > 1 else ''}; "
                f"{FEW_TRAINING_IMAGES} or more work much better."
            )
            yield DatasetIssue("few-training-images", False, sentence, (label.name,), SPLIT_NAMES[TRAIN])
    for split in (SPLIT_NAMES[VALIDATION], SPLIT_NAMES[TEST]):
        few = tuple(label.name for label in used if label.splits.get(split, 0) < FEW_EVALUATION_IMAGES)
        if few and any(label.splits.get(split) for label in used):
            sentence = (
                f"The {split} split has fewer than {FEW_EVALUATION_IMAGES} images of {_listed(few)}; what is measured "
                "there is mostly chance."
            )
            yield DatasetIssue("few-evaluation-images", False, sentence, few, split)
    largest, smallest = max(used, key=_images), min(used, key=_images)
    if largest.images >= IMBALANCE_RATIO * smallest.images:
        sentence = (
            f"The class “{largest.name}” has {largest.images // smallest.images} times the images of "
            f"“{smallest.name}”; add images to the small one, or turn class weights on."
        )
        yield DatasetIssue("class-imbalance", False, sentence, (largest.name, smallest.name))


def _case_duplicates(labels: Sequence[Label]) -> Iterator[DatasetIssue]:
    for names in case_duplicates(label.name for label in labels):
        quoted = [f"“{name}”" for name in names]
        sentence = f"The classes {', '.join(quoted[:-1])} and {quoted[-1]} differ only by case; merge them if they are "
        yield DatasetIssue("case-duplicates", False, f"{sentence}the same.", names)


def _images(label: Label) -> int:
    return label.images


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:LISTED_CLASSES])
    return shown if len(names) <= LISTED_CLASSES else f"{shown} and {len(names) - LISTED_CLASSES} more"
