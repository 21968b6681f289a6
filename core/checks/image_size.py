"""Image size: images that are too small, or far from square."""

import numpy as np

from core.checks.dataset import Dataset
from core.checks.result import Repair, Result, count_images, no_issue

TINY_SIDE = 24
"""Shorter side, in pixels, below which an image is too small."""
ODD_ASPECT = 3.0
"""Longer side over shorter side from which cropping to a square loses most of the image."""


def tiny(dataset: Dataset) -> Result:
    """Find images with very few pixels, unless most of the set has as few."""
    side = np.minimum(dataset.widths, dataset.heights)
    flags = side < TINY_SIDE
    if not flags.any() or np.median(side) < TINY_SIDE:
        return no_issue(len(dataset), "No image is too small.")
    rows = np.flatnonzero(flags).astype(np.int64)
    summary = f"{count_images(len(rows))} with less than {TINY_SIDE} pixels on the shorter side."
    return Result(np.clip(side / TINY_SIDE, 0, 1), flags, summary, repair=Repair("exclude", "Set aside", rows))


def odd_aspect(dataset: Dataset) -> Result:
    """Find images that are far from square."""
    aspect = np.maximum(dataset.widths, dataset.heights) / np.minimum(dataset.widths, dataset.heights)
    flags = aspect >= ODD_ASPECT
    if not flags.any():
        return no_issue(len(dataset), "No image is far from square.")
    summary = (
        f"{count_images(int(flags.sum()))} at least {ODD_ASPECT:g} times as long as wide: cropping to a square would "
        "lose most of the picture. Choose padding instead of cropping, or set them aside."
    )
    repair = Repair("exclude", "Set aside", np.flatnonzero(flags).astype(np.int64))
    return Result(np.clip(ODD_ASPECT / aspect, 0, 1), flags, summary, repair=repair)
