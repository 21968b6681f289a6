"""Classes that look alike to the backbone."""

import numpy as np

from core.checks.material import Material
from core.checks.result import Result, fine

CONFUSED = 0.2
"""Share of a pair's images that are taken for the other class, from which the pair is named."""


def lookalikes(material: Material) -> Result:
    """Find pairs of classes that a linear probe on the features mixes up."""
    n, n_classes = len(material), len(material.classes)
    if material.features is None:
        return fine(n, "Not looked at: no features were computed.")
    probe = material.probe
    confusion = np.zeros((n_classes, n_classes))
    rows = np.flatnonzero(probe.predicted)
    best = probe.probabilities.argmax(axis=1)
    np.add.at(confusion, (material.labels[rows], best[rows]), 1)
    counts = confusion.sum(axis=1)
    flags = np.zeros(n, np.bool_)
    pairs = []
    for one in range(n_classes):
        for other in range(one + 1, n_classes):
            share = (confusion[one, other] + confusion[other, one]) / max(counts[one] + counts[other], 1)
            if share >= CONFUSED:
                pairs.append((share, f"{material.classes[one]} and {material.classes[other]} ({share:.0%} mixed up)"))
                flags |= ((material.labels == one) & (best == other)) | ((material.labels == other) & (best == one))
    if not pairs:
        return fine(n, "No two classes look alike.")
    named = ", ".join(text for _, text in sorted(pairs, reverse=True))
    own = probe.probabilities[np.arange(n), material.labels]
    summary = f"Look alike to this network: {named}. More images of both, or merging them, would help."
    return Result(np.where(flags, own, 1.0), flags & probe.predicted, summary)
