"""What can be reached without learning: an accuracy means something only beside these.

The nearest neighbour on 16 x 16 pixels answers the class of the training image that looks most alike as a thumbnail:
where it does well, the background or the light may give the class away.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.evaluation.report.parts import Baselines

SIDE: Final = 16
_AT_ONCE: Final = 512

Labelled = tuple[NDArray[np.uint8], NDArray[np.int64]]


def measure_baselines(classes: Sequence[str], *, known: Labelled, asked: Labelled) -> Baselines:
    """Accuracies on the test split of two ways to answer without learning.

    Args:
        classes: Names of the classes.
        known: (n_train, SIDE, SIDE, 3) thumbnails of training images, and their (n_train,) labels.
        asked: The same of the test split.
    """
    largest = int(np.bincount(known[1], minlength=len(classes)).argmax())
    nearest = known[1][_nearest(known[0], asked[0])]
    return Baselines(
        largest_class=classes[largest],
        largest_class_accuracy=float(np.mean(asked[1] == largest)),
        nearest_pixels_accuracy=float(np.mean(asked[1] == nearest)),
    )


def _nearest(train: NDArray[np.uint8], test: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(n_test,) index of the training thumbnail with the smallest squared difference."""
    known = train.reshape(len(train), -1).astype(np.float32)
    lengths = np.sum(known**2, axis=1)
    found = np.empty(len(test), np.int64)
    for at in range(0, len(test), _AT_ONCE):
        asked = test[at : at + _AT_ONCE].reshape(-1, known.shape[1]).astype(np.float32)
        found[at : at + _AT_ONCE] = np.argmin(lengths - 2 * (asked @ known.T), axis=1)
    return found
