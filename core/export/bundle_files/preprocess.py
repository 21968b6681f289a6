"""Reads image files as the app does, makes the input of each model, and computes the out-of-distribution score.

`model.keras` and `saved_model/` take the pixels of `read_rgb` and resize them themselves; `model.tflite` and
`openvino/` take the `square` of them. Reads all files that Pillow opens, and HEIC where
`pillow_heif` is installed.
"""

import contextlib
import io
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

with contextlib.suppress(ImportError):
    import pillow_heif

    pillow_heif.register_heif_opener()


def list_images(paths: Iterable[str]) -> Iterator[Path]:
    """List files as they are, and of folders all files with the suffix of an image format, in order."""
    for path in map(Path, paths):
        if path.is_dir():
            found = (one for one in path.rglob("*") if one.suffix.lower() in Image.registered_extensions())
            yield from sorted(one for one in found if one.is_file() and not one.name.startswith("."))
        else:
            yield path


def read_labels(folder: Path) -> list[str]:
    """Read the names of the classes, in the order of the probabilities."""
    labels: list[str] = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    return labels


def ood_score(features: np.ndarray, folder: Path) -> float | None:
    """Compute how unlike the training images an image is: above 1, it is none of the classes.

    The mean cosine distance to the nearest training images, divided by the threshold; None without `ood.npz`.

    Args:
        features: (n_features,) input of the model's layer `logits`.
        folder: The folder with `ood.npz`.
    """
    if not (folder / "ood.npz").exists():
        return None
    train, threshold, neighbours = _read_ood(folder)
    unit = features / max(float(np.linalg.norm(features)), np.finfo(np.float32).tiny)
    nearest = np.sort(1 - train @ unit)[:neighbours]
    return float(nearest.mean() / threshold)


@cache
def _read_ood(folder: Path) -> tuple[np.ndarray, float, int]:
    with np.load(folder / "ood.npz") as file:
        return file["features"].astype(np.float32), float(file["threshold"]), int(file["neighbours"])


def read_input(folder: Path) -> tuple[int, str, str, int | None]:
    """Read the input of the model in a folder.

    Returns:
        Size and way of resizing, for `square`; background and bit depth, for `read_rgb`. Bundles of earlier versions
        have no bit depth: it was chosen for each image.
    """
    model_input = json.loads((folder / "input.json").read_text(encoding="utf-8"))
    return model_input["size"], model_input["resize"], model_input["background"], model_input.get("bit_depth")


def read_rgb(file: Path | str, background: str, bit_depth: int | None = None) -> np.ndarray:
    """Read (height, width, 3) uint8 pixels of an image: upright, in sRGB, transparent pixels on `#rrggbb`.

    Integers of more than 8 bits are read as 8, 12 or 16 bits: the `bit_depth` of the training images, or else the
    smallest that the image needs.
    """
    opened = _load(Path(file).read_bytes())
    image = ImageOps.exif_transpose(opened)
    profile = opened.info.get("icc_profile")
    if image.mode == "F" or image.mode.startswith("I"):
        image = _to_8_bits(image, bit_depth, inverted=getattr(opened, "tag_v2", {}).get(262) == 0)  # 0 is white
    if not image.has_transparency_data:
        return np.asarray(_to_srgb(image, profile))
    image = image.convert("RGBA")
    alpha = image.getchannel("A")
    if background == "#ffffff":  # white in every profile
        return np.asarray(_to_srgb(_lay(image, alpha, background), profile))
    return np.asarray(_lay(_to_srgb(image, profile), alpha, background))


def square(pixels: np.ndarray, size: int, resize: str) -> np.ndarray:
    """Give (1, size, size, 3) float32 pixels of 0 to 255: the centre (`crop`), with bars (`pad`) or all (`stretch`)."""
    pixels = np.asarray(pixels, np.float32)
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


def _load(data: bytes) -> Image.Image:
    """Decode a file; a JPEG that lacks only its last bytes is completed."""
    opened = Image.open(io.BytesIO(data))
    try:
        opened.load()
    except OSError:
        if opened.format not in ("JPEG", "MPO"):
            raise
        data = data.removesuffix(b"\xff")
        filled = [Image.open(io.BytesIO(data + more + b"\xff\xd9")) for more in (b"", bytes(range(1, 128)) * 2000)]
        first, second = (np.asarray(one).reshape(opened.height, opened.width, -1) for one in filled)
        if (first != second).any(axis=2).mean() > 0.001:  # more than a few blocks are missing
            raise
        return filled[0]
    return opened


def _to_8_bits(image: Image.Image, bit_depth: int | None, *, inverted: bool) -> Image.Image:
    """Scale grey of 8, 12 or 16 bits, or floats up to 1 or 255, by the smallest range that holds 99.9% of the values.

    Integers that fit one of the depths are scaled by `bit_depth` if it is given. Values beyond the range are clipped.
    """
    values = np.asarray(image)
    known = np.isfinite(values)
    outliers = int(known.sum() / 1000)
    low, high = (float(end) for end in np.sort(values[known], axis=None)[[outliers, -1 - outliers]])
    tops = (1, 255) if image.mode == "F" else (255, 4095, 65535)
    low, high = next(((0, top) for top in tops if low >= 0 and high <= top), (low, high))
    if bit_depth is not None and image.mode != "F" and (low, high) in [(0, top) for top in tops]:
        high = 2**bit_depth - 1
    scaled = (values.astype(np.float32) - np.float32(low)) * np.float32(255 / ((high - low) or 1)) + np.float32(0.5)
    grey = np.clip(np.where(known, scaled, low), 0, 255).astype(np.uint8)
    grey = np.where(known, 255 - grey if inverted else grey, 0).astype(np.uint8)
    clear = image.info.get("transparency")
    return Image.fromarray(grey if clear is None else np.dstack([grey, np.where(values == clear, 0, 255).astype("u1")]))


def _lay(image: Image.Image, alpha: Image.Image, background: str) -> Image.Image:
    opaque = Image.new("RGB", image.size, background)
    opaque.paste(image, mask=alpha)
    return opaque


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile or b""))
        if "srgb" not in ImageCms.getProfileDescription(source).lower():
            return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), image.mode, "RGB").apply(image)
    except (ImageCms.PyCMSError, OSError):  # no profile, a broken one, or one of another mode
        pass
    return image.convert("RGB")


def _bilinear(old: int, new: int) -> np.ndarray:
    """Give the (new, old) weights of bilinear resizing with antialiasing."""
    scale = old / new
    centres = (np.arange(new) + 0.5) * scale - 0.5
    weights = np.maximum(0, 1 - np.abs(centres[:, np.newaxis] - np.arange(old)) / max(scale, 1))
    shares: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return shares.astype(np.float32)
