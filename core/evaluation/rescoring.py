"""Scores a finished run on labels that changed after it, from its stored probabilities.

Moving a test image to the class that a network predicted raises that network's accuracy without any training. So runs
are compared on the same images with the same labels, and the points that come from new labels are separated from those
that come from the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.dataset.manifest import TEST, Manifest
from core.evaluation.inference.predictions import Predictions
from core.evaluation.metrics.intervals import Interval, share_interval


@dataclass(frozen=True)
class Rescore:
    """The test accuracy of a run before and after its test labels changed.

    Attributes:
        images: Test images of the run that still have a label.
        relabelled: Digests of those whose label changed.
        before: Accuracy on the labels that the run was evaluated with.
        after: Accuracy on the new labels. A class that the run does not know counts as wrong.
        interval: 95% interval of `after`.
    """

    images: int
    relabelled: tuple[str, ...]
    before: float
    after: float
    interval: Interval

    @property
    def code(self) -> Literal["same-labels", "new-labels"]:
        """Whether any label changed."""
        return "new-labels" if self.relabelled else "same-labels"

    @property
    def points(self) -> float:
        """Percentage points of accuracy that come from new labels."""
        return 100 * (self.after - self.before)


def rescore(predictions: Predictions, labels: Mapping[str, frozenset[str]]) -> Rescore | None:
    """Score the test images of a run on other labels.

    Args:
        predictions: Of the run, of any splits.
        labels: Classes by digest; the same image may have several, and any of them counts. Images without an entry are
            left out.

    Returns:
        None if none of the test images has a label.
    """
    rows = [row for row in np.flatnonzero(predictions.splits == TEST) if labels.get(predictions.digests[row])]
    if not rows:
        return None
    old = [predictions.classes[predictions.true[row]] for row in rows]
    predicted = [predictions.classes[predictions.predicted[row]] for row in rows]
    new = [labels[predictions.digests[row]] for row in rows]
    changed = [label not in names for label, names in zip(old, new, strict=True)]
    before = [label == answer for label, answer in zip(old, predicted, strict=True)]
    after = [
        answer in names if moved else hit
        for answer, names, moved, hit in zip(predicted, new, changed, before, strict=True)
    ]
    interval = share_interval(sum(after), len(rows))
    assert interval is not None, "there are images"
    return Rescore(
        images=len(rows),
        relabelled=tuple(predictions.digests[row] for row, moved in zip(rows, changed, strict=True) if moved),
        before=sum(before) / len(rows),
        after=sum(after) / len(rows),
        interval=interval,
    )


def labels_of_manifest(manifest: Manifest) -> dict[str, frozenset[str]]:
    """Give the classes of each image of a manifest by digest."""
    return _by_digest(manifest.digests, [manifest.classes[label] for label in manifest.labels.tolist()])


def labels_of_test_split(predictions: Predictions) -> dict[str, frozenset[str]]:
    """Give the classes of each test image of a run by digest."""
    test = predictions.of_split(TEST)
    return _by_digest(test.digests, [test.classes[label] for label in test.true.tolist()])


def _by_digest(digests: tuple[str, ...], labels: list[str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for digest, label in zip(digests, labels, strict=True):
        found[digest] = found.get(digest, frozenset()) | {label}
    return found
