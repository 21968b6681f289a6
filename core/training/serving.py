"""Joins backbone and head to one exported model that takes photographs of any size. Worker only: imports Keras.

Input: uint8 RGB of any size; output: probabilities. The model contains only built-in layers and operations of Keras,
so the file loads anywhere, in safe mode. Two bugs seen on Keras 3.15 are avoided: `Resizing` gives different results
for uint8 in `model(x)` and in `predict`, so pixels are cast to float32 first; and exports of a model of any image size
give wrong results unless the backbone is called with `training=False`.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import keras

from core.dataset.pixels import Resize
from core.storage.atomic import write_atomic
from core.training.keras_file import save_keras
from core.training.networks import LOGITS, PROBABILITIES, ClassificationHead, apply_layers
from core.training.recipe import LABELS_FILE, MODEL_FILE


def build_serving(backbone: keras.Model, head: ClassificationHead, *, size: int, resize: Resize) -> keras.Model:
    """Join resizing, backbone and head; the resizing is that of the training images.

    Args:
        backbone: (batch, size, size, 3) float32 pixels of 0 to 255 -> feature maps.
        head: The trained head.
        size: Side of the square in pixels.
        resize: How an image is made square, as in the recipe.

    Returns:
        (batch, height, width, 3) uint8 -> (batch, classes) probabilities. Other modules find its layers `logits` and
        `probabilities` by name.
    """
    image = keras.Input((None, None, 3), dtype="uint8", name="image")
    pixels = keras.ops.cast(image, "float32")
    square = keras.layers.Resizing(
        size,
        size,
        interpolation="bilinear",
        antialias=True,
        crop_to_aspect_ratio=resize == "crop",
        pad_to_aspect_ratio=resize == "pad",
        name="resizing",
    )(pixels)
    # Rounded, because the training images are integers.
    features = backbone(keras.ops.round(square), training=False)
    logits = apply_layers((head.pooling, *head.dense), features)
    probabilities = keras.layers.Softmax(name=PROBABILITIES, dtype="float32")(logits)
    return keras.Model(image, probabilities, name="graft")


def set_temperature(model: keras.Model, temperature: float) -> None:
    """Divide the logits of a served model by a temperature, by dividing the weights of its last layer.

    Args:
        model: From `build_serving`, or loaded from its file.
        temperature: Above 1 lowers the confidence; the predicted class does not change.
    """
    layer = model.get_layer(LOGITS)
    layer.set_weights([weight / temperature for weight in layer.get_weights()])


def save_model(model: keras.Model, classes: Sequence[str], out: Path) -> Path:
    """Write `model.keras` and `labels.json`, each atomically.

    Args:
        model: From `build_serving`.
        classes: Names of the classes, in the order of the model's outputs.
        out: The folder; created if missing.

    Returns:
        Path of the model.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    labels = json.dumps(list(classes), ensure_ascii=False, indent=1) + "\n"
    write_atomic(out / LABELS_FILE, lambda part: part.write_text(labels, encoding="utf-8"))
    save_keras(model, out / MODEL_FILE)
    return out / MODEL_FILE
