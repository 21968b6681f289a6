"""All checks, in the order in which a person should look at them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.checks.balance import class_balance
from core.checks.class_overlap import class_overlap
from core.checks.dataset import NO_CLASS, Dataset
from core.checks.duplicates import bursts, conflicting_labels, exact_copies, near_copies
from core.checks.image_quality import blurred, low_contrast, too_bright, too_dark
from core.checks.image_size import odd_aspect, tiny
from core.checks.leaks import leaks
from core.checks.mislabelled import mislabelled
from core.checks.outliers import outliers
from core.checks.result import Result, fine, spread
from core.checks.shortcut import shortcut


@dataclass(frozen=True)
class Check:
    """A check.

    Attributes:
        title: What it looks for, in plain words.
        term: The field's term.
        function: The check itself.
        needs_features: Whether it finds nothing without features.
        needs_classes: Whether it looks only at images that have a class.
    """

    title: str
    term: str
    function: Callable[[Dataset], Result]
    needs_features: bool = False
    needs_classes: bool = False


CHECKS: dict[str, Check] = {
    "conflicting-labels": Check(
        "The same picture in two classes", "conflicting labels", conflicting_labels, needs_classes=True
    ),
    "leaks": Check("The same in two splits", "data leakage", leaks),
    "mislabelled": Check(
        "Probably in the wrong class", "label errors", mislabelled, needs_features=True, needs_classes=True
    ),
    "shortcut": Check(
        "The background gives the class away", "shortcut learning", shortcut, needs_features=True, needs_classes=True
    ),
    "near-copies": Check("Nearly the same picture", "near duplicates, bursts", near_copies),
    "bursts": Check("Frames of one burst", "series", bursts),
    "exact-copies": Check("The same file twice", "exact duplicates", exact_copies),
    "strangers": Check("Unlike all others", "outliers", outliers, needs_features=True),
    "lookalikes": Check(
        "Classes that look alike", "class overlap", class_overlap, needs_features=True, needs_classes=True
    ),
    "class-balance": Check("Too few images, or too unequal", "class imbalance", class_balance, needs_classes=True),
    "too-dark": Check("Too dark", "underexposed", too_dark),
    "too-bright": Check("Too bright", "overexposed", too_bright),
    "low-contrast": Check("Almost without contrast", "low contrast", low_contrast),
    "blurred": Check("Blurred", "out of focus", blurred),
    "tiny": Check("Very small", "low resolution", tiny),
    "odd-aspect": Check("Far from square", "odd aspect ratio", odd_aspect),
}


def run_checks(
    dataset: Dataset,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, Result]:
    """Run every check; those that need features say so where there are none.

    Args:
        dataset: The images.
        on_progress: Told the checks that are done, and all.
        should_stop: Whether a person wants it to end; what was found until then is given.
    """
    if not len(dataset):
        return {name: fine(0, "There are no images to look at.") for name in CHECKS}
    results: dict[str, Result] = {}
    for number, (name, check) in enumerate(CHECKS.items()):
        if should_stop():
            break
        on_progress(number, len(CHECKS))
        results[name] = _run(check, dataset)
    on_progress(len(results), len(CHECKS))
    return results


def _run(check: Check, dataset: Dataset) -> Result:
    """Run a check on the images that it can look at."""
    rows = np.flatnonzero(dataset.labels != NO_CLASS).astype(np.int64)
    if not check.needs_classes or len(rows) == len(dataset):
        return check.function(dataset)
    if not len(rows):
        return fine(len(dataset), "Not looked at: no image has a class yet.")
    return spread(check.function(dataset.labelled), rows, len(dataset))
