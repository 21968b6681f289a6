"""Class overlap: classes that look alike to the backbone."""

import numpy as np

from core.checks.dataset import Dataset
from core.checks.result import Result, list_some, no_issue

CONFUSED = 0.2
"""Share of a pair's images that are predicted as the other class, from which the pair is reported."""


def class_overlap(dataset: Dataset) -> Result:
    """Find pairs of classes that a linear probe on the features confuses."""
    n, n_classes = len(dataset), len(dataset.classes)
    if dataset.features is None:
        return no_issue(n, "Not checked: no features were computed.")
    probe = dataset.probe
    confusion = np.zeros((n_classes, n_classes))
    rows = np.flatnonzero(probe.predicted)
    best = probe.probabilities.argmax(axis=1)
    np.add.at(confusion, (dataset.labels[rows], best[rows]), 1)
    counts = confusion.sum(axis=1)
    flags = np.zeros(n, np.bool_)
    pairs = []
    for one in range(n_classes):
        for other in range(one + 1, n_classes):
            share = (confusion[one, other] + confusion[other, one]) / max(counts[one] + counts[other], 1)
            if share >= CONFUSED:
                pairs.append((share, f"{dataset.classes[one]} and {dataset.classes[other]} ({share:.0%} confused)"))
                flags |= ((dataset.labels == one) & (best == other)) | ((dataset.labels == other) & (best == one))
    if not pairs:
        return no_issue(n, "No two classes are confused.")
    named = list_some([text for _, text in sorted(pairs, reverse=True)])
    own = probe.probabilities[np.arange(n), dataset.labels]
    summary = f"This network confuses {named}. Add more images of both, or merge them."
    return Result(np.where(flags, own, 1.0), flags & probe.predicted, summary)
