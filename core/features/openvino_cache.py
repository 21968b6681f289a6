"""Caches networks converted for OpenVINO by fingerprint. Worker only: imports OpenVINO and TensorFlow.

A conversion takes seconds, so it is done once, checked against TensorFlow on a few images, and cached. Failed
conversions are cached too, for this version of OpenVINO.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import filelock
import keras
import numpy as np

from core.features.numerical_check import relative_difference
from core.features.openvino_engine import VERSION, OpenVinoEngine, Squares, convert, read_network, save_network
from core.features.tensorflow_engine import pixels_function
from core.settings import Settings
from core.storage.atomic import PART_PREFIX, atomic_path
from core.storage.disk import describe_disk_errors

NETWORK: Final = "network.xml"
FAILURE: Final = "refused.txt"
# Number of images on which a conversion is checked, and the side of their single-coloured patches in pixels.
CHECKED_IMAGES: Final = 4
PATCH: Final = 16
# Largest relative difference. Measured in float32: 1e-6 to 1e-5.
TOLERANCE: Final = 1e-3
# Largest share of the cache for converted networks.
CACHE_SHARE: Final = 1 / 8


class ConversionError(Exception):
    """OpenVINO cannot be used for a network; the text is the reason."""


def is_converted(fingerprint: str, settings: Settings) -> bool:
    """Whether a network, or its failed conversion, is cached."""
    return _folder(fingerprint, settings).exists()


def converted_network(
    prefix: keras.Model, fingerprint: str, settings: Settings, on_message: Callable[[str], None]
) -> Any:  # noqa: ANN401 - untyped in OpenVINO
    """The network for OpenVINO; converts it if it is not cached or the cached one cannot be read.

    Args:
        prefix: The network.
        fingerprint: Fingerprint of the network.
        settings: Location and size of the cache.
        on_message: Receives a sentence if the network has to be converted.

    Raises:
        ConversionError: It cannot be converted, or its results differ from those of TensorFlow.
        WorkspaceError: The disk is full or not writable.
    """
    folder = _folder(fingerprint, settings)
    if folder.exists():
        try:
            return _read(folder)
        except RuntimeError:
            shutil.rmtree(folder, ignore_errors=True)
    with _describe_disk_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder.parent / ".lock"):
            if not folder.exists():
                on_message("Converting this network for OpenVINO, once.")
                _convert(prefix, folder)
                _evict(folder, int(settings.cache_bytes * CACHE_SHARE))
    return _read(folder)


def _folder(fingerprint: str, settings: Settings) -> Path:
    return settings.cache / "networks" / f"{fingerprint}-{VERSION}"


def _read(folder: Path) -> Any:  # noqa: ANN401
    with contextlib.suppress(OSError):
        os.utime(folder)  # the least recently used one is evicted first
    failure = folder / FAILURE
    if failure.exists():
        raise ConversionError(failure.read_text(encoding="utf-8"))
    return read_network(folder / NETWORK)


def _convert(prefix: keras.Model, folder: Path) -> None:
    """Write the folder with the converted network, or with the reason of the failure, atomically."""
    for unfinished in folder.parent.glob(f"{PART_PREFIX}*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    with atomic_path(folder) as part:
        part.mkdir()
        try:
            function = pixels_function(prefix)
            _check(function, _save(_try_convert(function), part / NETWORK), prefix.inputs[0].shape[1])
        except ConversionError as error:
            (part / FAILURE).write_text(str(error), encoding="utf-8")


def _try_convert(function: Any) -> Any:  # noqa: ANN401
    try:
        return convert(function)
    except Exception as error:  # the converter raises exceptions of many kinds
        raise ConversionError(f"{type(error).__name__} while converting it") from error


def _save(network: Any, path: Path) -> Any:  # noqa: ANN401
    try:
        save_network(network, path)
        return read_network(path)
    except RuntimeError as error:  # OpenVINO hides the error of the disk, and detects a full disk only when reading
        raise OSError(errno.EIO, "the converted network was not written completely") from error


def _check(function: Any, network: Any, size: int) -> None:  # noqa: ANN401
    images = _check_images(size)
    reference = tuple(tensor.numpy() for tensor in function(images))
    try:
        values = next(OpenVinoEngine(network, "float32").run([images]))
    except RuntimeError as error:
        raise ConversionError(f"{type(error).__name__} while computing it") from error
    difference = relative_difference(values, reference)
    if not difference <= TOLERANCE:
        raise ConversionError(f"its features would differ by {difference:.1%}")


def _check_images(size: int) -> Squares:
    side = -(-size // PATCH)
    patches = np.random.default_rng(0).integers(0, 256, (CHECKED_IMAGES, side, side, 3), np.uint8)
    return np.ascontiguousarray(patches.repeat(PATCH, axis=1).repeat(PATCH, axis=2)[:, :size, :size])


def _evict(newest: Path, limit: int) -> None:
    """Remove the least recently used networks, except the newest, until the cache is within its limit."""
    folders = sorted((folder for folder in newest.parent.iterdir() if folder.is_dir()), key=_last_used)
    sizes = {folder: sum(file.stat().st_size for file in folder.iterdir()) for folder in folders}
    excess = sum(sizes.values()) - limit
    for folder in folders:
        if excess <= 0:
            break
        if folder != newest:
            shutil.rmtree(folder, ignore_errors=True)
            excess -= sizes[folder]


def _last_used(folder: Path) -> float:
    return folder.stat().st_mtime


def _describe_disk_errors(folder: Path) -> contextlib.AbstractContextManager[None]:
    return describe_disk_errors(f"The cache {folder.parent}", "Free some space and try again.")
