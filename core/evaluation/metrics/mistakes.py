"""Finds the images and classes that the model gets wrong or is uncertain about."""

import numpy as np

from core.evaluation.inference.predictions import Predictions
from core.evaluation.metrics.classification import Floats, Ints, losses
from core.evaluation.report.report import ImagePrediction, Mistakes, Pair

LENGTH = 60


def find_mistakes(test: Predictions, confusion: Ints) -> Mistakes:
    """Rank the test images by loss and by margin, and the pairs of classes by confusions.

    Args:
        test: Predictions of the test split.
        confusion: (n_classes, n_classes) their confusion matrix.
    """
    loss = losses(test.true, test.probabilities)
    ranked = np.sort(test.probabilities, axis=1)
    margin = ranked[:, -1] - ranked[:, -2]
    return Mistakes(
        wrong=int((~test.correct).sum()),
        top_losses=tuple(_prediction(test, loss, row) for row in np.argsort(-loss, kind="stable")[:LENGTH]),
        confused_pairs=confused_pairs(test.classes, confusion)[:LENGTH],
        most_uncertain=tuple(_prediction(test, loss, row) for row in np.argsort(margin, kind="stable")[:LENGTH]),
    )


def confused_pairs(classes: tuple[str, ...], confusion: Ints) -> tuple[Pair, ...]:
    """List the pairs of true and predicted class off the diagonal, most frequent first."""
    wrong = confusion - np.diag(np.diagonal(confusion))
    order = np.argsort(-wrong, axis=None, kind="stable")[: np.count_nonzero(wrong)]
    cells = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return tuple(
        Pair(true=classes[true], predicted=classes[predicted], images=int(wrong[true, predicted]))
        for true, predicted in cells
    )


def similarity_order(confusion: Ints) -> tuple[int, ...]:
    """Order class indices so that confused classes are neighbours.

    The most confused groups are joined first, at the ends that are confused most; classes that are never confused keep
    their order.

    Args:
        confusion: (n_classes, n_classes) counts.
    """
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    alike: Floats = shares + shares.T
    np.fill_diagonal(alike, 0)
    groups = [[index] for index in range(len(confusion))]
    while (pair := _closest(groups, alike)) is not None:
        first, second = pair
        groups[first] = _joined(groups[first], groups.pop(second), alike)
    return tuple(index for group in groups for index in group)


def _prediction(test: Predictions, loss: Floats, row: int) -> ImagePrediction:
    return ImagePrediction(
        digest=test.digests[row],
        name=test.names[row],
        true=test.classes[test.true[row]],
        predicted=test.classes[test.predicted[row]],
        confidence=float(test.confidence[row]),
        loss=float(loss[row]),
    )


def _closest(groups: list[list[int]], alike: Floats) -> tuple[int, int] | None:
    """Find the two groups whose classes are confused most on average; None if no two are."""
    members = np.zeros((len(groups), len(alike)))
    for row, group in enumerate(groups):
        members[row, group] = 1 / len(group)
    means = np.triu(members @ alike @ members.T, 1)
    first, second = np.unravel_index(means.argmax(), means.shape)
    return (int(first), int(second)) if means[first, second] > 0 else None


def _joined(first: list[int], second: list[int], alike: Floats) -> list[int]:
    ways = [one + other for one in (first, first[::-1]) for other in (second, second[::-1])]
    seam = len(first)
    return max(ways, key=lambda way: float(alike[way[seam - 1], way[seam]]))
