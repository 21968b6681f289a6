"""The out-of-distribution score ("none of these") in exported models. Worker only: imports Keras.

The score of an image is its distance to the training images, as in `core.evaluation.metrics.embedding`, divided by the
threshold: above 1 the image is none of the classes. TensorFlow SavedModel, TensorFlow Lite and OpenVINO compute it in
their graph. `model.keras` keeps its single output, so that `predict` gives the probabilities as in every Keras model;
`predict.py` computes the score from its features and `ood.npz`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from core.dataset.manifest import TRAIN
from core.errors import InputError
from core.evaluation.metrics.classification import Floats
from core.evaluation.metrics.embedding import (
    FEATURES_FILE,
    NEIGHBOURS,
    Features,
    distances_to,
    normalised,
    read_embedding,
)

OOD_FILE: Final = "ood.npz"


@dataclass(frozen=True)
class OodReference:
    """What the score is computed from.

    Attributes:
        features: (n_train, n_features) float16 rows of length 1, of the training images.
        threshold: Distance above which an image is none of the classes.
    """

    features: Features
    threshold: float

    def scores(self, features: Any) -> Any:  # noqa: ANN401 - a tensor of Keras
        """Compute (n, 1) scores of (n, n_features) features, as operations of Keras.

        Mean of 1 - cosine over the `NEIGHBOURS` nearest training images, divided by the threshold.
        """
        norm = keras.ops.sqrt(keras.ops.sum(features * features, axis=1, keepdims=True))
        unit = features / keras.ops.maximum(norm, np.finfo(np.float32).tiny)
        cosine = keras.ops.matmul(unit, self.features.astype(np.float32).T)
        nearest, _ = keras.ops.top_k(cosine, min(NEIGHBOURS, len(self.features)))
        return (1 - keras.ops.mean(nearest, axis=1, keepdims=True)) / np.float32(self.threshold)

    def distances(self, features: NDArray[np.floating]) -> Floats:
        """Compute the (n,) distances of (n, n_features) features to the training images."""
        return distances_to(self.features, normalised(features))

    def write(self, folder: Path) -> None:
        """Write `ood.npz` for `predict.py`."""
        np.savez(
            folder / OOD_FILE,
            features=self.features,
            threshold=np.float64(self.threshold),
            neighbours=np.int64(NEIGHBOURS),
        )


def read_reference(out: Path) -> OodReference | None:
    """Read the reference of a run's folder or of a bundle; None if it has none.

    Raises:
        InputError: Its file is damaged.
    """
    if (out / FEATURES_FILE).exists():
        embedding = read_embedding(out)
        train: Features = embedding.features[embedding.splits == TRAIN]
        return OodReference(train, embedding.threshold)
    return _read_bundled(out / OOD_FILE) if (out / OOD_FILE).exists() else None


def _read_bundled(path: Path) -> OodReference:
    try:
        with np.load(path, allow_pickle=False) as file:
            return OodReference(file["features"].astype(np.float16), float(file["threshold"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise InputError(f"{path.name} cannot be read.", "Export the model again.") from error
