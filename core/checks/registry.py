"""All checks, in the order in which a person should look at them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.checks.balance import class_balance
from core.checks.copies import bursts, conflicting_labels, exact_copies, near_copies
from core.checks.exposure import blurred, low_contrast, too_bright, too_dark
from core.checks.leaks import leaks
from core.checks.lookalikes import lookalikes
from core.checks.material import NO_CLASS, Material
from core.checks.mislabelled import mislabelled
from core.checks.result import Result, fine, spread
from core.checks.shape import odd_aspect, tiny
from core.checks.shortcut import shortcut
from core.checks.strangers import strangers


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
    function: Callable[[Material], Result]
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
    "strangers": Check("Unlike all others", "outliers", strangers, needs_features=True),
    "lookalikes": Check(
        "Classes that look alike", "class overlap", lookalikes, needs_features=True, needs_classes=True
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
    material: Material,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, Result]:
    """Run every check; those that need features say so where there are none.

    Args:
        material: The images.
        on_progress: Told the checks that are done, and all.
        should_stop: Whether a person wants it to end; what was found until then is given.
    """
    if not len(material):
        return {name: fine(0, "There are no images to look at.") for name in CHECKS}
    results: dict[str, Result] = {}
    for number, (name, check) in enumerate(CHECKS.items()):
        if should_stop():
            break
        on_progress(number, len(CHECKS))
        results[name] = _run(check, material)
    on_progress(len(results), len(CHECKS))
    return results


def _run(check: Check, material: Material) -> Result:
    """Run a check on the images that it can look at."""
    rows = np.flatnonzero(material.labels != NO_CLASS).astype(np.int64)
    if not check.needs_classes or len(rows) == len(material):
        return check.function(material)
    if not len(rows):
        return fine(len(material), "Not looked at: no image has a class yet.")
    return spread(check.function(material.labelled), rows, len(material))
