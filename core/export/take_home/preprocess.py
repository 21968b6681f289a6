"""Makes the square that `model.tflite` and `openvino/` are fed; `model.keras` and `saved_model/` resize themselves."""

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps


def read_input(folder: Path) -> tuple[int, str]:
    """Size and way of resizing of the model in a folder, for `square`."""
    described = json.loads((folder / "input.json").read_text(encoding="utf-8"))
    return described["size"], described["resize"]


def square(picture: Image.Image, size: int, resize: str) -> np.ndarray:
    """(1, size, size, 3) float32 pixels of 0 to 255: the middle (`crop`), all with bars (`pad`) or all (`stretch`)."""
    pixels = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"), np.float32)
    height, width = pixels.shape[:2]
    if resize == "crop":
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        pixels = pixels[top : top + side, left : left + side]
    elif resize == "pad":
        top, left = (max(height, width) - height) // 2, (max(height, width) - width) // 2
        pixels = np.pad(pixels, ((top, top), (left, left), (0, 0)))
    rows, columns = _bilinear(pixels.shape[0], size), _bilinear(pixels.shape[1], size)
    resized: np.ndarray = np.einsum("yh,hwc,xw->yxc", rows, pixels, columns, optimize=True)
    return np.round(resized)[np.newaxis]


def _bilinear(old: int, new: int) -> np.ndarray:
    """(new, old) weights of bilinear resizing with antialiasing."""
    scale = old / new
    centres = (np.arange(new) + 0.5) * scale - 0.5
    weights = np.maximum(0, 1 - np.abs(centres[:, np.newaxis] - np.arange(old)) / max(scale, 1))
    shares: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return shares.astype(np.float32)
