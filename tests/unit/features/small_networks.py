"""Photographs and networks that are small enough for tests; also for processes that tests start."""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.storage.blobs import OriginalStore

SIZE = 32


def draw_photographs(store: OriginalStore, folder: Path, count: int, first: int = 0) -> list[str]:
    """Store JPEG images of coloured patches; gives their digests."""
    digests = []
    for number in range(first, first + count):
        patches = np.random.default_rng(number).integers(0, 256, (8, 10, 3), np.uint8)
        file = io.BytesIO()
        Image.fromarray(patches.repeat(6, axis=0).repeat(6, axis=1)).save(file, "JPEG", quality=95)
        digest = hashlib.sha256(file.getvalue()).hexdigest()
        path = folder / f"{number}.jpg"
        path.write_bytes(file.getvalue())
        store.put_file(path, digest)
        digests.append(digest)
    return digests


def small_network(*, seed: int = 0, size: int = SIZE, pooled: bool = True, channels: int = 8) -> Any:
    """Pixels -> features, with weights that depend on the seed alone."""
    import keras

    keras.utils.set_random_seed(seed)
    pixels = keras.Input((size, size, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    x = keras.layers.Conv2D(channels, 3, strides=2, padding="same", activation="relu")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Conv2D(channels, 3, strides=2, padding="same", activation="relu")(x)
    return keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(x) if pooled else x)


def two_tensors() -> Any:
    """Pixels -> two crossing tensors of different shapes, as NASNet's cells pass them on."""
    import keras

    keras.utils.set_random_seed(1)
    pixels = keras.Input((SIZE, SIZE, 3))
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    first = keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(scaled)
    second = keras.layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(first)
    return keras.Model(pixels, [second, first])
