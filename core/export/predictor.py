"""A trained model that classifies new pictures, kept warm. Worker only: imports Keras.

The command line and the Try it page ask this; what it answers is what the exported file answers.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.dataset.pixels import load_image
from core.errors import ImageError, NotFoundError, WeightsError
from core.evaluation.inference.served_model import BATCH, ServedModel
from core.evaluation.metrics.embedding import FILE_NAME, read_embedding
from core.training.serving import LABELS_FILE

Picture = Path | str | NDArray[np.uint8]


@dataclass(frozen=True)
class Judgement:
    """What a model says about pictures.

    Attributes:
        probabilities: (n, n_classes) float64, rows sum to 1.
        distances: (n,) how unlike the training images each picture is; None where the run's features are not there.
        threshold: Distance from which a picture is none of the classes; None likewise.
    """

    probabilities: NDArray[np.float64]
    distances: NDArray[np.float64] | None
    threshold: float | None


class Predictor:
    """An exported model, ready to answer.

    Args:
        model: Path of `model.keras`; `labels.json` lies beside it, `recipe.json` where transparent pictures lie on
            another background than white, and `features.npz` where "none of these" is wanted.

    Attributes:
        classes: Names of the classes, in the order of the probabilities.

    Raises:
        NotFoundError: The model or its labels are not there.
        WeightsError: The model cannot be loaded, is not one that Graft exports, or has other classes than its labels.
        RecipeError: The recipe beside the model cannot be read.
    """

    def __init__(self, model: Path | str) -> None:
        path = Path(model)
        self.served = ServedModel.load(path)
        self.classes = _read_labels(path.parent / LABELS_FILE, self.served.n_classes)
        self._space = read_embedding(path.parent) if (path.parent / FILE_NAME).exists() else None
        self.predict([np.zeros((8, 8, 3), np.uint8)])  # the first call compiles; no person should wait for it

    def predict(self, pictures: Sequence[Picture]) -> NDArray[np.float64]:
        """Classify pictures.

        Args:
            pictures: Image files of any kind that Graft takes in, or (height, width, 3) uint8 RGB arrays.

        Returns:
            (n, n_classes) float64 probabilities, rows sum to 1.

        Raises:
            ImageError: A file is not an image that can be read; names it.
        """
        return self.judge(pictures).probabilities

    def judge(self, pictures: Sequence[Picture]) -> Judgement:
        """Classify pictures, and say which of them are like nothing that was learned.

        Args:
            pictures: As in `predict`.

        Raises:
            ImageError: A file is not an image that can be read; names it.
        """
        features = [self._features(pictures[at : at + BATCH]) for at in range(0, len(pictures), BATCH)]
        if not features:
            return Judgement(np.empty((0, len(self.classes))), None, None)
        seen = np.concatenate(features)
        probabilities = self.served.conclude(seen)[1]
        if self._space is None:
            return Judgement(probabilities, None, None)
        return Judgement(probabilities, self._space.distances(seen), self._space.threshold)

    def _features(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        pixels = (_pixels(picture, self.served.background) for picture in pictures)
        return self.served.see(np.stack([self.served.shrink(each) for each in pixels]))


def _pixels(picture: Picture, background: str) -> NDArray[np.uint8]:
    if isinstance(picture, np.ndarray):
        return picture
    path = Path(picture)
    try:
        return load_image(path, background=background)
    except ImageError as error:
        raise ImageError(f"{path.name} cannot be read as a picture.", error.hint) from error


def _read_labels(path: Path, n_classes: int) -> tuple[str, ...]:
    try:
        labels = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no {path.name} beside the model.", "Keep both files in one folder.") from error
    except ValueError:
        labels = None
    if not isinstance(labels, list) or len(labels) != n_classes:
        raise WeightsError(f"{path.name} does not name the model's {n_classes} classes.", "Export the model again.")
    return tuple(str(label) for label in labels)
