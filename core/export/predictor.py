"""Classifies new images with a trained model that stays in memory. Worker only: imports Keras.

The predictions are those of the exported file.
"""

import contextlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.dataset.pixels import load_image
from core.errors import ImageError, NotFoundError, WeightsError
from core.evaluation.inference.served_model import BATCH, ServedModel
from core.evaluation.metrics.embedding import FEATURES_FILE
from core.export.ood import OOD_FILE, read_reference
from core.training.recipe import LABELS_FILE, MODEL_FILE, RECIPE_FILE

# What a model needs of a bundle, and the largest of these files that is unpacked.
BUNDLED_FILES: Final = (MODEL_FILE, LABELS_FILE, RECIPE_FILE, FEATURES_FILE, OOD_FILE)
MAX_BUNDLED_BYTES: Final = 8 * 1000**3

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


class Predictor:
    """An exported model, compiled and ready.

    Args:
        model: Path of `model.keras`; `labels.json` lies beside it, `recipe.json` if images are decoded in another way
            than by default, and `features.npz` (a run) or `ood.npz` (a bundle) for the out-of-distribution threshold.

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
        self._ood = read_reference(path.parent)
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
        return self.classify(np.concatenate(features))

    def classify(self, features: NDArray[np.float32]) -> BatchPrediction:
        """Classify images by their features, and measure how far they are from the training images.

        Args:
            features: (n, n_features) inputs of the last layer, as `ServedModel.features` computes them.
        """
        probabilities = self.served.classify(features)[1]
        if self._ood is None:
            return BatchPrediction(probabilities, None, None)
        return BatchPrediction(probabilities, self._ood.distances(features), self._ood.threshold)

    def _features(self, images: Sequence[ImageInput]) -> NDArray[np.float32]:
        pixels = (_pixels(image, self.served) for image in images)
        return self.served.features(np.stack([self.served.preprocess(each) for each in pixels]))


@contextlib.contextmanager
def locate_model(path: Path) -> Iterator[Path]:
    """Give the `model.keras` that a path means, with its files beside it.

    Args:
        path: The file itself, a folder that holds it, or the zip of a bundle, which is unpacked for as long as the
            context lasts.

    Raises:
        NotFoundError: There is no such file.
        WeightsError: The zip is damaged or too large.
    """
    if path.is_dir():
        yield path / MODEL_FILE
    elif path.suffix.lower() != ".zip":
        yield path
    else:
        with tempfile.TemporaryDirectory(prefix="graft-model-") as folder:
            _unpack_bundle(path, Path(folder))
            yield Path(folder) / MODEL_FILE


def _unpack_bundle(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as bundle:
            listed = {info.filename: info for info in bundle.infolist()}
            if MODEL_FILE not in listed:
                raise WeightsError(f"{path.name} holds no {MODEL_FILE}.", "Choose the zip that Graft exported.")
            for info in (listed[name] for name in BUNDLED_FILES if name in listed):
                if info.file_size > MAX_BUNDLED_BYTES:
                    raise WeightsError(f"{info.filename} in {path.name} is larger than 8 GB.", "Choose another model.")
                with bundle.open(info) as packed, (folder / info.filename).open("wb") as file:
                    shutil.copyfileobj(packed, file)
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no model {path}.", "Train first, or name a model.keras.") from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise WeightsError(f"{path.name} cannot be unpacked.", "Export the model again.") from error


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
