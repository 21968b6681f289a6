"""Baselines that need no learning, to compare an accuracy with.

The nearest neighbour on 16 x 16 pixels predicts the class of the training image with the most similar thumbnail. Where
it does well, the background or the light may give the class away.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.evaluation.report.report import Baselines

SIDE: Final = 16
_CHUNK: Final = 512

Labelled = tuple[NDArray[np.uint8], NDArray[np.int64]]


def measure_baselines(classes: Sequence[str], *, train: Labelled, test: Labelled) -> Baselines:
    """Measure the accuracy of both baselines on the test split.

    Args:
        classes: Names of the classes.
        train: (n_train, SIDE, SIDE, 3) thumbnails of training images, and their (n_train,) labels.
        test: The same of the test split.
    """
    largest = int(np.bincount(train[1], minlength=len(classes)).argmax())
    nearest = train[1][_nearest(train[0], test[0])]
    return Baselines(
        largest_class=classes[largest],
        largest_class_accuracy=float(np.mean(test[1] == largest)),
        nearest_pixels_accuracy=float(np.mean(test[1] == nearest)),
    )


def _nearest(train: NDArray[np.uint8], test: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(n_test,) index of the training thumbnail with the smallest squared difference."""
    reference = train.reshape(len(train), -1).astype(np.float32)
    lengths = np.sum(reference**2, axis=1)
    found = np.empty(len(test), np.int64)
    for at in range(0, len(test), _CHUNK):
        queries = test[at : at + _CHUNK].reshape(-1, reference.shape[1]).astype(np.float32)
        found[at : at + _CHUNK] = np.argmin(lengths - 2 * (queries @ reference.T), axis=1)
    return found
