"""Image size: images that are too small, or far from square."""

import numpy as np

from core.checks.dataset import Dataset
from core.checks.result import Result, count_images, no_issue, set_aside

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
    verb, whose = ("has", "its") if len(rows) == 1 else ("have", "their")
    summary = f"{count_images(len(rows))} {verb} less than {TINY_SIDE} pixels on {whose} shorter side."
    return Result(np.clip(side / TINY_SIDE, 0, 1), flags, summary, repair=set_aside(rows))


def odd_aspect(dataset: Dataset) -> Result:
    """Find images that are far from square."""
    aspect = np.maximum(dataset.widths, dataset.heights) / np.minimum(dataset.widths, dataset.heights)
    flags = aspect >= ODD_ASPECT
    if not flags.any():
        return no_issue(len(dataset), "No image is far from square.")
    rows = np.flatnonzero(flags).astype(np.int64)
    verb, which = ("is", "it") if len(rows) == 1 else ("are", "them")
    summary = (
        f"{count_images(len(rows))} {verb} at least {ODD_ASPECT:g} times as long as wide, and cropping to a square "
        f"would lose most of {which}. Choose padding instead of cropping, or set {which} aside."
    )
    return Result(np.clip(ODD_ASPECT / aspect, 0, 1), flags, summary, repair=set_aside(rows))
