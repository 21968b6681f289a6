"""Outliers: images unlike all others in feature space.

The score is the mean cosine distance to the nearest neighbours, as in Kuan and Mueller, "Back to the Basics: Revisiting
Out-of-Distribution Detection Baselines" (2022); the limit is the upper fence of the set's own distances (Tukey 1977),
wide. Of large sets the neighbours are sought in a random sample, as in Sun et al., "Out-of-Distribution Detection with
Deep Nearest Neighbors" (2022), so that the time grows with the number of images, not with its square.
"""

import numpy as np

from core.checks.dataset import Dataset
from core.checks.result import Result, count_images, no_issue, set_aside

NEIGHBOURS = 10
FENCE = 3.0
SAMPLE = 10_000
"""Images among which the neighbours of each image are sought."""
_CHUNK = 2_000


def outliers(dataset: Dataset) -> Result:
    """Find images that are unlike all others of the set."""
    n = len(dataset)
    if dataset.features is None or n <= NEIGHBOURS:
        return no_issue(n, "Not checked: too few images, or no features were computed.")
    unit = dataset.features / np.maximum(np.linalg.norm(dataset.features, axis=1, keepdims=True), 1e-12)
    sample = np.random.default_rng(0).permutation(n)[:SAMPLE]
    sampled = np.zeros(n, np.bool_)
    sampled[sample] = True
    among = unit[sample].T
    distances = np.empty(n)
    for start in range(0, n, _CHUNK):
        chunk = slice(start, start + _CHUNK)
        nearest = np.sort(np.partition(unit[chunk] @ among, -NEIGHBOURS - 1, axis=1)[:, -NEIGHBOURS - 1 :], axis=1)
        # The nearest to an image of the sample is itself.
        others = np.where(sampled[chunk, None], nearest[:, :-1], nearest[:, 1:])
        distances[chunk] = 1 - others.mean(axis=1)
    low, high = np.quantile(distances, [0.25, 0.75])
    limit = high + FENCE * (high - low)
    flags = distances > limit
    scores = np.clip(limit / np.maximum(distances, 1e-12), 0, 1)
    rows = np.flatnonzero(flags).astype(np.int64)
    if not len(rows):
        return Result(scores, flags, "No image is unlike all others.")
    verb, question = ("is", "Does it") if len(rows) == 1 else ("are", "Do they")
    summary = f"{count_images(len(rows))} {verb} unlike all others. {question} belong here?"
    return Result(scores, flags, summary, repair=set_aside(rows))
