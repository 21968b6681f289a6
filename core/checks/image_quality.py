"""Image quality: images that are too dark, too bright, without contrast, or blurred.

Fixed limits find images that are unusable for any task. Blur is relative: an image is blurred if its sharpness lies
more than 3.5 median absolute deviations below the set's median (Iglewicz and Hoaglin, "How to Detect and Handle
Outliers", 1993).
"""

import numpy as np
from numpy.typing import NDArray

from core.checks.dataset import Dataset
from core.checks.result import Result, count_images, no_issue, set_aside

DARK = 0.06
BRIGHT = 0.96
FLAT = 0.03
ODD_DEVIATIONS = 3.5
BLURRED = 0.1
"""Share of the set's median sharpness below which an image may be called blurred at all."""


def too_dark(dataset: Dataset) -> Result:
    """Find images that are nearly black."""
    return _flagged(dataset.brightness / DARK, "too dark to show anything", "No image is too dark.")


def too_bright(dataset: Dataset) -> Result:
    """Find images that are nearly white."""
    return _flagged((1 - dataset.brightness) / (1 - BRIGHT), "too bright to show anything", "No image is too bright.")


def low_contrast(dataset: Dataset) -> Result:
    """Find images with hardly any difference between light and dark."""
    return _flagged(dataset.contrast / FLAT, "almost without contrast", "Every image has contrast.")


def blurred(dataset: Dataset) -> Result:
    """Find images that are far less sharp than the others of the set."""
    if not len(dataset):
        return no_issue(0, "There are no images yet.")
    sharpness = np.log1p(dataset.sharpness)
    middle = np.median(sharpness)
    spread = 1.4826 * np.median(np.abs(sharpness - middle))
    if spread == 0:
        return no_issue(len(dataset), "All images are equally sharp.")
    deviations = np.where(dataset.sharpness < BLURRED * np.median(dataset.sharpness), (middle - sharpness) / spread, 0)
    return _flagged(
        np.where(deviations > 0, ODD_DEVIATIONS / np.maximum(deviations, 1e-9), np.inf),
        "far more blurred than the others",
        "No image is far more blurred than the others.",
    )


def _flagged(margin: NDArray[np.float64], what: str, nothing: str) -> Result:
    """Flag images whose margin, 1 at the limit, is below 1."""
    flags = margin < 1
    rows = np.flatnonzero(flags).astype(np.int64)
    if not len(rows):
        return no_issue(len(margin), nothing)
    verb = "is" if len(rows) == 1 else "are"
    summary = f"{count_images(len(rows))} {verb} {what}."
    return Result(np.clip(margin, 0, 1), flags, summary, repair=set_aside(rows))
