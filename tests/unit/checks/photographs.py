"""Drawn photographs as the material of checks."""

import numpy as np
from PIL import Image

from core.checks.dataset import Dataset
from core.dataset.near_duplicates import find_duplicates


def photograph(seed: int) -> Image.Image:
    """Smooth coloured noise: as rich in shapes as a photograph, and no two alike."""
    noise = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), np.uint8)
    return Image.fromarray(noise).resize((160, 160), Image.Resampling.BICUBIC)


def dataset_of(images: list[Image.Image], labels: list[int] | None = None, **changes: object) -> Dataset:
    n = len(images)
    columns = {
        "ids": tuple(f"item{row}" for row in range(n)),
        "digests": tuple(f"{row:064x}" for row in range(n)),
        "names": tuple(f"{chr(97 + row % 26)}{row * 10}.jpg" for row in range(n)),
        "classes": ("ants", "bees"),
        "labels": np.array(labels or [0] * n, np.int64),
        "splits": np.zeros(n, np.int8),
        "groups": ("",) * n,
        "widths": np.array([image.width for image in images], np.int64),
        "heights": np.array([image.height for image in images], np.int64),
        "brightness": np.full(n, 0.5),
        "contrast": np.full(n, 0.2),
        "sharpness": np.full(n, 100.0),
        "pairs": find_duplicates(lambda row: np.asarray(images[row].convert("RGB")), n),
    }
    return Dataset(**(columns | changes))
