"""Classes that are too small, or far smaller than others."""

import numpy as np

from core.checks.material import Material
from core.checks.result import Result, fine

FEW_IMAGES = 20
UNBALANCED = 5.0
"""Largest class over smallest class from which accuracy alone misleads."""


def class_balance(material: Material) -> Result:
    """Find classes with few images, and sets in which one class outnumbers another many times."""
    counts = np.bincount(material.labels, minlength=len(material.classes))
    small = [f"{name} ({count})" for name, count in zip(material.classes, counts, strict=True) if count < FEW_IMAGES]
    largest, smallest = int(max(counts, default=0)), int(min(counts, default=0))
    sentences = []
    if small:
        sentences.append(f"Fewer than {FEW_IMAGES} images: {', '.join(small)}. Add more, results will be unsure.")
    if smallest and largest / smallest >= UNBALANCED:
        sentences.append(
            f"The largest class has {largest / smallest:.0f} times the images of the smallest: turn class weights "
            "on, and look at balanced accuracy."
        )
    if not sentences:
        return fine(len(material), "Every class has enough images, and none outnumbers the others.")
    flags = counts[material.labels] < FEW_IMAGES
    return Result(np.clip(counts[material.labels] / max(largest, 1), 0, 1), flags, " ".join(sentences))
