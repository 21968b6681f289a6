"""The trained parts joined to one model that is fed photographs as they are. Worker only: imports Keras.

Input: uint8 RGB of any size; output: probabilities. Everything between is built-in layers and operations of Keras, so
the file loads anywhere, in safe mode. Two traps are avoided here (each was seen on Keras 3.15): uint8 given to
`Resizing` comes out differently in `model(x)` and `predict`, so pixels become float32 first; and exports of a model
of any image size compute something else unless the backbone is called with `training=False`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import keras

from core.dataset.pixels import Resize
from core.storage.atomic import write_atomic
from core.training.head import LOGITS, PROBABILITIES, ClassificationHead, call_in_turn

MODEL_FILE: Final = "model.keras"
LABELS_FILE: Final = "labels.json"


def build_serving(backbone: keras.Model, head: ClassificationHead, *, size: int, resize: Resize) -> keras.Model:
    """Join backbone and head behind the resizing that the training's squares were made with.

    Args:
        backbone: (batch, size, size, 3) float32 pixels of 0 to 255 -> feature maps.
        head: The trained new layers.
        size: Side of the square in pixels.
        resize: How an image becomes a square, as in the recipe.

    Returns:
        (batch, height, width, 3) uint8 -> (batch, classes) probabilities. Its layers `logits` and `probabilities` are
        addressed by these names.
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
    # Whole numbers, as in the squares that were trained on.
    features = backbone(keras.ops.round(square), training=False)
    logits = call_in_turn((head.pooling, *head.dense), features)
    probabilities = keras.layers.Softmax(name=PROBABILITIES, dtype="float32")(logits)
    return keras.Model(image, probabilities, name="graft")


def set_temperature(model: keras.Model, temperature: float) -> None:
    """Divide the logits of a served model by a number, by dividing the weights that they are computed with.

    Args:
        model: From `build_serving`, or loaded from its file.
        temperature: Above 1 makes the model less sure of itself; the predicted class stays.
    """
    layer = model.get_layer(LOGITS)
    layer.set_weights([weight / temperature for weight in layer.get_weights()])


def save_model(model: keras.Model, classes: Sequence[str], out: Path) -> Path:
    """Write `model.keras` and `labels.json`, each whole or not at all.

    Args:
        model: From `build_serving`.
        classes: Names of the classes, in the order of the model's outputs.
        out: The folder; made if it is not there.

    Returns:
        Path of the model.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    labels = json.dumps(list(classes), ensure_ascii=False, indent=1) + "\n"
    write_atomic(out / LABELS_FILE, lambda part: part.write_text(labels, encoding="utf-8"))
    return write_atomic(out / MODEL_FILE, model.save)
