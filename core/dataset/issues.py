"""What the classes and splits of a project still lack before a training is possible, or makes sense."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.catalog.labels import Label

# Below these, an accuracy is mostly chance: with 5 validation images it moves in steps of 20 points.
FEW_TRAINING_IMAGES = 10
FEW_MEASURED_IMAGES = 5
UNEVEN = 5


@dataclass(frozen=True)
class DatasetIssue:
    """Something that is missing.

    Attributes:
        blocking: Whether a training is impossible because of it.
        sentence: What is missing and what to do, in plain words.
    """

    blocking: bool
    sentence: str


def find_dataset_issues(labels: Sequence[Label], unlabelled: int = 0) -> list[DatasetIssue]:
    """Tell what is missing, what makes a training impossible first.

    Args:
        labels: The classes with their counts, as `list_labels` gives them.
        unlabelled: Images that take part and have no class.
    """
    used = [label for label in labels if label.images]
    gaps = [DatasetIssue(True, sentence) for sentence in _impossible(used)]
    if len(used) > 1:
        gaps += [DatasetIssue(False, sentence) for sentence in _warnings(used)]
    gaps += [DatasetIssue(False, sentence) for sentence in _names(labels)]
    gaps += [
        DatasetIssue(False, f"The class “{label.name}” has no images and takes no part.")
        for label in labels
        if not label.images
    ]
    if unlabelled:
        gaps.append(DatasetIssue(False, f"{unlabelled:,} images have no class and take no part; move them to a class."))
    return gaps


def _impossible(used: Sequence[Label]) -> Iterator[str]:
    if not used:
        yield "There are no images in any class yet; add images of at least two classes."
        return
    if len(used) == 1:
        yield f"There is only one class with images, “{used[0].name}”; add a second one to tell it from."
    for label in used:
        if not label.splits.get("train") and not label.splits.get(None):
            yield f"The class “{label.name}” has no training image; add images to it, or move some to the train split."
    for split in ("validation", "test"):
        if not any(label.splits.get(split) for label in used):
            yield f"The {split} split is empty; add images, or give it a share and draw the splits again."


def _warnings(used: Sequence[Label]) -> Iterator[str]:
    for label in used:
        training = label.splits.get("train", 0)
        if 0 < training < FEW_TRAINING_IMAGES:
            yield (
                f"The class “{label.name}” has only {training} training image{'s' if training > 1 else ''}; "
                f"{FEW_TRAINING_IMAGES} or more work much better."
            )
    for split in ("validation", "test"):
        few = [label.name for label in used if label.splits.get(split, 0) < FEW_MEASURED_IMAGES]
        if few and any(label.splits.get(split) for label in used):
            yield (
                f"The {split} split has fewer than {FEW_MEASURED_IMAGES} images of {_listed(few)}; what is measured "
                "there is mostly chance."
            )
    most, least = max(used, key=_images), min(used, key=_images)
    if most.images >= UNEVEN * least.images:
        yield (
            f"The class “{most.name}” has {most.images // least.images} times the images of “{least.name}”; add images "
            "to the small one, or weigh the classes (class weights) on the Model page."
        )


def case_duplicates(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Give the classes whose names differ only by case, which are probably one class."""
    folded = sorted(dict.fromkeys(names), key=str.casefold)
    groups = (tuple(group) for _, group in itertools.groupby(folded, key=str.casefold))
    return [group for group in groups if len(group) > 1]


def _names(labels: Sequence[Label]) -> Iterator[str]:
    for twins in case_duplicates(label.name for label in labels):
        quoted = [f"“{name}”" for name in twins]
        yield (
            f"The classes {', '.join(quoted[:-1])} and {quoted[-1]} differ only by case; merge them if they are the "
            "same."
        )


def _images(label: Label) -> int:
    return label.images


def _listed(names: Sequence[str], most: int = 3) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
