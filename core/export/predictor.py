"""Classifies new images with a trained model that stays in memory. Worker only: imports Keras.

The predictions are those of the exported file.
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
from core.evaluation.metrics.embedding import FEATURES_FILE, read_embedding
from core.training.serving import LABELS_FILE

ImageInput = Path | str | NDArray[np.uint8]


@dataclass(frozen=True)
class BatchPrediction:
    """Predictions of several images.

    Attributes:
        probabilities: (n, n_classes) float64, rows sum to 1.
        distances: (n,) distances to the training images; None where the run's features are missing.
        threshold: Distance above which an image is out of distribution; None likewise.
    """

    probabilities: NDArray[np.float64]
    distances: NDArray[np.float64] | None
    threshold: float | None

    def is_ood(self, row: int) -> bool | None:
        """Whether an image is out of distribution; None without a threshold."""
        if self.distances is None or self.threshold is None:
            return None
        return bool(self.distances[row] > self.threshold)


@dataclass(frozen=True)
class FilePrediction:
    """The prediction of one file, or why there is none.

    Attributes:
        path: The file.
        probabilities: (n_classes,) float64; None if the file cannot be read.
        is_ood: Whether the image is out of distribution; None if unknown.
        error: Why the file cannot be read; None if it can.
    """

    path: Path
    probabilities: NDArray[np.float64] | None
    is_ood: bool | None
    error: str | None


class Predictor:
    """An exported model, compiled and ready.

    Args:
        model: Path of `model.keras`; `labels.json` lies beside it, `recipe.json` if images are decoded in another way
            than by default, and `features.npz` for the out-of-distribution threshold.

    Attributes:
        classes: Names of the classes, in the order of the probabilities.

    Raises:
        NotFoundError: The model or its labels are missing.
        WeightsError: The model cannot be loaded, was not exported by Graft, or does not fit its labels.
        RecipeError: The recipe beside the model cannot be read.
    """

    def __init__(self, model: Path | str) -> None:
        path = Path(model)
        self.served = ServedModel.load(path)
        self.classes = _read_labels(path.parent / LABELS_FILE, self.served.n_classes)
        self._embedding = read_embedding(path.parent) if (path.parent / FEATURES_FILE).exists() else None
        self.predict([np.zeros((8, 8, 3), np.uint8)])  # the first call compiles

    def predict(self, images: Sequence[ImageInput]) -> NDArray[np.float64]:
        """Classify images.

        Args:
            images: Files of any format that Graft reads, or (height, width, 3) uint8 RGB arrays.

        Returns:
            (n, n_classes) float64 probabilities, rows sum to 1.

        Raises:
            ImageError: A file cannot be read as an image; names it.
        """
        return self.predict_batch(images).probabilities

    def predict_batch(self, images: Sequence[ImageInput]) -> BatchPrediction:
        """Classify images and measure how far they are from the training images.

        Args:
            images: As in `predict`.

        Raises:
            ImageError: A file cannot be read as an image; names it.
        """
        features = [self._features(images[at : at + BATCH]) for at in range(0, len(images), BATCH)]
        if not features:
            return BatchPrediction(np.empty((0, len(self.classes))), None, None)
        extracted = np.concatenate(features)
        probabilities = self.served.classify(extracted)[1]
        if self._embedding is None:
            return BatchPrediction(probabilities, None, None)
        return BatchPrediction(probabilities, self._embedding.distances(extracted), self._embedding.threshold)

    def predict_files(self, paths: Sequence[Path]) -> list[FilePrediction]:
        """Classify each file that can be read as an image, and give the reason for each other one."""
        found: list[FilePrediction] = []
        for start in range(0, len(paths), BATCH):
            pixels: dict[Path, NDArray[np.uint8]] = {}
            errors: dict[Path, str] = {}
            for path in paths[start : start + BATCH]:
                try:
                    pixels[path] = _pixels(path, self.served)
                except ImageError as error:
                    errors[path] = str(error)
            batch = self.predict_batch(list(pixels.values()))
            rows = dict(zip(pixels, range(len(pixels)), strict=True))
            for path in paths[start : start + BATCH]:
                if path in errors:
                    found.append(FilePrediction(path, None, None, errors[path]))
                else:
                    found.append(FilePrediction(path, batch.probabilities[rows[path]], batch.is_ood(rows[path]), None))
        return found

    def _features(self, images: Sequence[ImageInput]) -> NDArray[np.float32]:
        pixels = (_pixels(image, self.served) for image in images)
        return self.served.features(np.stack([self.served.preprocess(each) for each in pixels]))


def _pixels(image: ImageInput, served: ServedModel) -> NDArray[np.uint8]:
    if isinstance(image, np.ndarray):
        return image
    path = Path(image)
    try:
        return load_image(path, background=served.background, bit_depth=served.bit_depth)
    except ImageError as error:
        raise ImageError(f"{path.name} cannot be read as an image.", error.hint) from error


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
