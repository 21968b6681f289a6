"""Images of plain colours, and a model built to classify them without training."""

import hashlib
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from core.dataset.manifest import Manifest
from core.storage.blobs import OriginalStore
from core.training.networks import ClassificationHead, build_head
from core.training.recipe import Head
from core.training.serving import build_serving, save_model

CLASSES = ("red", "green", "blue")
SIZES = ((40, 60), (64, 64), (33, 90), (120, 80))


def backbone(size=32, gain=1.0):
    """Colours as shares of 1, times a gain, at an eighth of the size; as deep and wide as a network's last block."""
    pixels = keras.Input((size, size, 3), name="pixels")
    shares = keras.layers.Rescaling(1 / 255, name="scale")(pixels)
    convolved = keras.layers.Conv2D(3, 8, strides=8, use_bias=False, name="mean")(shares)
    model = keras.Model(pixels, convolved, name="colour_means")
    model.get_layer("mean").set_weights([np.tile(gain * np.eye(3) / 64, (8, 8, 1, 1)).astype(np.float32)])
    return model


def head(sharpness=30.0) -> ClassificationHead:
    """Answers the strongest colour, the surer the sharper."""
    layers = build_head(Head(), channels=3, classes=3, seed=0)
    layers.dense[-1].set_weights([np.eye(3, dtype=np.float32) * sharpness, np.zeros(3, np.float32)])
    return layers


def save_colour_model(out: Path, sharpness=30.0, resize="crop", gain=1.0) -> Path:
    return save_model(build_serving(backbone(gain=gain), head(sharpness), size=32, resize=resize), CLASSES, out)


def colour_pictures(store: OriginalStore, folder: Path, images=90, noise=60.0, seed=0) -> Manifest:
    """Plain pictures of one of three colours, with so much noise that some are nearer to another one."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    labels = np.arange(images) % 3
    digests = []
    for row, label in enumerate(labels):
        colour = np.full(3, 100.0) + 50 * np.eye(3)[label] + generator.normal(0, noise, 3)
        height, width = SIZES[row % len(SIZES)]
        pixels = np.clip(colour + generator.normal(0, 10, (height, width, 3)), 0, 255).astype(np.uint8)
        path = folder / f"{row}.png"
        Image.fromarray(pixels).save(path)
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
        store.put_file(path, digests[-1])
    splits = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2], np.int8)[np.arange(images) % 9]
    return Manifest(CLASSES, tuple(digests), labels.astype(np.int64), splits, tuple(f"{row}.png" for row in labels))
