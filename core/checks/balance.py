"""Classes that are too small, or far smaller than others."""

import numpy as np

from core.checks.dataset import Dataset
from core.checks.result import Result, list_some, no_issue

FEW_IMAGES = 20
UNBALANCED = 5.0
"""Largest class over smallest class from which accuracy alone misleads."""


def class_balance(dataset: Dataset) -> Result:
    """Find classes with few images, and sets in which one class outnumbers another many times."""
    counts = np.bincount(dataset.labels, minlength=len(dataset.classes))
    small = [f"{name} ({count})" for name, count in zip(dataset.classes, counts, strict=True) if count < FEW_IMAGES]
    largest, smallest = int(max(counts, default=0)), int(min(counts, default=0))
    sentences = []
    if dataset.empty_classes:
        which = "This class has" if len(dataset.empty_classes) == 1 else "These classes have"
        sentences.append(f"{which} no image: {list_some(dataset.empty_classes)}. Add images, or delete the class.")
    if small:
        which = "This class has" if len(small) == 1 else "These classes have"
        sentences.append(
            f"{which} fewer than {FEW_IMAGES} images: {list_some(small)}. Add more; until then results are unsure."
        )
    if smallest and largest / smallest >= UNBALANCED:
        sentences.append(
            f"The largest class has {largest / smallest:.0f} times the images of the smallest: turn class weights "
            "on, and look at balanced accuracy."
        )
    if not sentences:
        return no_issue(
            len(dataset),
            f"Every class has {FEW_IMAGES} images or more; none has {UNBALANCED:g} times as many as another.",
        )
    flags = counts[dataset.labels] < FEW_IMAGES
    return Result(
        np.clip(counts[dataset.labels] / max(largest, 1), 0, 1), flags, " ".join(sentences), issue_of_dataset=True
    )
