"""Heads that are fitted in moments on features: logistic regression and nearest neighbours, tested on whole folds."""

import time
from collections.abc import Callable
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.advice.outcomes import FOLDS, REPEATS, Outcomes
from core.checks.probe import NO_FOLD, assign_folds, no_folds, out_of_fold

ProbeHead = Literal["logistic-regression", "nearest-neighbours"]
NEIGHBOURS: Final = 5

Features = NDArray[np.float32]
Ints = NDArray[np.int64]


def probe_outcomes(
    features: Features,
    labels: Ints,
    groups: Ints,
    *,
    head: ProbeHead = "logistic-regression",
    folds: int = FOLDS,
    repeats: int = REPEATS,
    seed: int = 0,
    check_stop: Callable[[], None] = lambda: None,
) -> Outcomes:
    """Predict every image by a head that saw neither it nor its split group, several times with other folds.

    Args:
        features: (n, n_features).
        labels: (n,) class of each image.
        groups: (n,) split group of each image; groups stay whole.
        head: Which head is fitted: logistic regression, or a vote of the 5 nearest by cosine similarity.
        folds: Folds of each repeat.
        repeats: How often the images are divided.
        seed: Of the first division; the next ones follow it.
        check_stop: Called before each repeat; may raise to stop.

    Raises:
        DatasetError: The images cannot be divided into folds.
    """
    began = time.monotonic()
    correct, parts = [], []
    for repeat in range(repeats):
        check_stop()
        if head == "logistic-regression":
            probe = out_of_fold(features, labels, groups, int(labels.max()) + 1, folds=folds, seed=seed + repeat)
            hits, held_out = probe.correct(labels), probe.folds
        else:
            hits, held_out = _nearest(features, labels, assign_folds(labels, groups, folds, seed + repeat))
        correct.append(np.where(held_out == NO_FOLD, np.nan, hits.astype(np.float64)))
        parts.append(held_out)
    outcomes = Outcomes(np.stack(correct), np.stack(parts), time.monotonic() - began)
    require_folds(outcomes)
    return outcomes


def require_folds(outcomes: Outcomes) -> None:
    """Check that images were tested.

    Raises:
        DatasetError: None was.
    """
    if not outcomes.images:
        raise no_folds()


def _nearest(features: Features, labels: Ints, parts: Ints) -> tuple[NDArray[np.bool_], Ints]:
    """(n,) whether the vote was correct, and (n,) fold of each image that was tested."""
    hits, tested = np.zeros(len(labels), np.bool_), np.full(len(labels), NO_FOLD, np.int64)
    for part in range(int(parts.max(initial=NO_FOLD)) + 1):
        train = np.flatnonzero(parts != part)
        held_out = np.flatnonzero((parts == part) & np.isin(labels, labels[train]))
        if not len(held_out):
            continue
        mean, deviation = features[train].mean(axis=0), features[train].std(axis=0)
        scaled = (features - mean) / np.where(deviation > 0, deviation, 1)
        scaled /= np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1e-12)
        similarity = scaled[held_out] @ scaled[train].T
        nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :NEIGHBOURS]
        for row, near in zip(held_out.tolist(), nearest, strict=True):
            # A class is the nearer of two with as many votes: `argmax` takes the first of them in order of nearness.
            votes = labels[train][near]
            counts = np.array([(votes == vote).sum() for vote in votes])
            hits[row] = votes[counts.argmax()] == labels[row]
        tested[held_out] = part
    return hits, tested
