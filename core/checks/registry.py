"""All checks, in the order in which they are shown."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.checks.balance import class_balance
from core.checks.class_overlap import class_overlap
from core.checks.dataset import NO_CLASS, Dataset
from core.checks.duplicates import bursts, conflicting_labels, exact_duplicates, near_duplicates, same_scene
from core.checks.file_shortcut import file_shortcut
from core.checks.image_quality import blurred, low_contrast, too_bright, too_dark
from core.checks.image_size import odd_aspect, tiny
from core.checks.leaks import leaks
from core.checks.mislabelled import mislabelled
from core.checks.outliers import outliers
from core.checks.result import Result, Severity, expand_result, no_issue
from core.checks.shortcut import shortcut


@dataclass(frozen=True)
class Check:
    """A check.

    Attributes:
        title: What it looks for, in plain words.
        term: The field's term.
        function: The check itself.
        severity: How much it may spoil the result: `serious`, `warning`, or `info` where it is mostly good to know.
        needs_features: Whether it needs features.
        needs_classes: Whether it applies only to images that have a class.
    """

    title: str
    term: str
    function: Callable[[Dataset], Result]
    severity: Severity = "warning"
    needs_features: bool = False
    needs_classes: bool = False


CHECKS: dict[str, Check] = {
    "conflicting-labels": Check(
        "The same picture in two classes", "conflicting labels", conflicting_labels, "serious", needs_classes=True
    ),
    "leaks": Check("The same in two splits", "data leakage", leaks, "serious"),
    "mislabelled": Check(
        "Probably in the wrong class", "label errors", mislabelled, needs_features=True, needs_classes=True
    ),
    "shortcut": Check(
        "The background gives the class away",
        "shortcut learning",
        shortcut,
        "serious",
        needs_features=True,
        needs_classes=True,
    ),
    "file-shortcut": Check(
        "The files give the class away", "shortcut learning", file_shortcut, "serious", needs_classes=True
    ),
    "near-duplicates": Check("The same picture, changed", "near duplicates", near_duplicates),
    "bursts": Check("Frames of one burst", "series", bursts, "info"),
    "same-scene": Check("The same scene", "scene duplicates", same_scene, "info"),
    "exact-duplicates": Check("The same image twice", "exact duplicates", exact_duplicates),
    "outliers": Check("Unlike all others", "outliers", outliers, "info", needs_features=True),
    "class-overlap": Check(
        "Classes that look alike", "class overlap", class_overlap, "info", needs_features=True, needs_classes=True
    ),
    "class-balance": Check("Too few images, or too unequal", "class imbalance", class_balance, needs_classes=True),
    "too-dark": Check("Too dark", "underexposed", too_dark),
    "too-bright": Check("Too bright", "overexposed", too_bright),
    "low-contrast": Check("Almost without contrast", "low contrast", low_contrast),
    "blurred": Check("Blurred", "out of focus", blurred),
    "tiny": Check("Very small", "low resolution", tiny),
    "odd-aspect": Check("Far from square", "odd aspect ratio", odd_aspect, "info"),
}


def run_checks(
    dataset: Dataset,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, Result]:
    """Run every check. Checks that need features or classes say so where there are none.

    Args:
        dataset: The images.
        on_progress: Called with the number of checks done so far, and of all.
        should_stop: Whether to end early; the results so far are returned.
    """
    if not len(dataset):
        return {name: no_issue(0, "There are no images.") for name in CHECKS}
    results: dict[str, Result] = {}
    for number, (name, check) in enumerate(CHECKS.items()):
        if should_stop():
            break
        on_progress(number, len(CHECKS))
        results[name] = _run(check, dataset)
    on_progress(len(results), len(CHECKS))
    return results


def _run(check: Check, dataset: Dataset) -> Result:
    """Run a check on the images that it applies to."""
    rows = np.flatnonzero(dataset.labels != NO_CLASS).astype(np.int64)
    if not check.needs_classes or len(rows) == len(dataset):
        return check.function(dataset)
    if not len(rows):
        return no_issue(len(dataset), "Not checked: no image has a class yet.")
    return expand_result(check.function(dataset.labelled), rows, len(dataset))
