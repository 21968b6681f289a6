"""Networks converted for OpenVINO, kept by their fingerprint. Worker only: imports OpenVINO and TensorFlow.

A conversion takes seconds, so it is done once, checked against TensorFlow on a few images, and kept. What OpenVINO
cannot convert, or computes differently, is remembered too, for this version of OpenVINO.
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
REFUSED: Final = "refused.txt"
# Images a conversion is checked on, and the side of their patches of one colour in pixels.
CHECKED: Final = 4
PATCH: Final = 16
# Share of the features' mean. Measured in float32: 1e-6 to 1e-5.
TOLERANCE: Final = 1e-3
# Converted networks take at most this share of the cache.
SHARE: Final = 1 / 8


class ConversionError(Exception):
    """OpenVINO cannot be used for a network; its words are the reason."""


def is_converted(fingerprint: str, settings: Settings) -> bool:
    """Whether a network is there already, or is known not to be convertible, so that asking for it takes no time."""
    return _folder(fingerprint, settings).exists()


def converted_network(prefix: keras.Model, fingerprint: str, settings: Settings, say: Callable[[str], None]) -> Any:  # noqa: ANN401 - untyped in OpenVINO
    """The network for OpenVINO; converts it if nobody has, or if what was kept cannot be read any more.

    Args:
        prefix: The network.
        fingerprint: Its address.
        settings: Where converted networks lie and how much they may take.
        say: Takes a sentence where it has to be converted.

    Raises:
        ConversionError: It cannot be converted, or computes something else than TensorFlow.
        WorkspaceError: The disk is full or not writable.
    """
    folder = _folder(fingerprint, settings)
    if folder.exists():
        try:
            return _read(folder)
        except RuntimeError:
            shutil.rmtree(folder, ignore_errors=True)
    with _plain_words(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder.parent / ".lock"):
            if not folder.exists():
                say("Preparing this network for OpenVINO, once.")
                _convert(prefix, folder)
                _make_room(folder, int(settings.cache_bytes * SHARE))
    return _read(folder)


def _folder(fingerprint: str, settings: Settings) -> Path:
    return settings.cache / "networks" / f"{fingerprint}-{VERSION}"


def _read(folder: Path) -> Any:  # noqa: ANN401
    with contextlib.suppress(OSError):
        os.utime(folder)  # the one used longest ago goes first
    refused = folder / REFUSED
    if refused.exists():
        raise ConversionError(refused.read_text(encoding="utf-8"))
    return read_network(folder / NETWORK)


def _convert(prefix: keras.Model, folder: Path) -> None:
    """Write the converted network, or why there is none, as a whole folder."""
    for killed in folder.parent.glob(f"{PART_PREFIX}*"):
        shutil.rmtree(killed, ignore_errors=True)
    with atomic_path(folder) as part:
        part.mkdir()
        try:
            function = pixels_function(prefix)
            _check(function, _stored(_converted(function), part / NETWORK), prefix.inputs[0].shape[1])
        except ConversionError as error:
            (part / REFUSED).write_text(str(error), encoding="utf-8")


def _converted(function: Any) -> Any:  # noqa: ANN401
    try:
        return convert(function)
    except Exception as error:  # the converter raises nearly everything
        raise ConversionError(f"{type(error).__name__} while converting it") from error


def _stored(network: Any, path: Path) -> Any:  # noqa: ANN401
    try:
        save_network(network, path)
        return read_network(path)
    except RuntimeError as error:  # OpenVINO does not say what the disk said, and notices a full one only when reading
        raise OSError(errno.EIO, "the converted network did not get there whole") from error


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
    patches = np.random.default_rng(0).integers(0, 256, (CHECKED, side, side, 3), np.uint8)
    return np.ascontiguousarray(patches.repeat(PATCH, axis=1).repeat(PATCH, axis=2)[:, :size, :size])


def _make_room(newest: Path, limit: int) -> None:
    """Remove the networks used longest ago, but not the newest, until the bound is kept."""
    folders = sorted((folder for folder in newest.parent.iterdir() if folder.is_dir()), key=_used)
    sizes = {folder: sum(file.stat().st_size for file in folder.iterdir()) for folder in folders}
    excess = sum(sizes.values()) - limit
    for folder in folders:
        if excess <= 0:
            break
        if folder != newest:
            shutil.rmtree(folder, ignore_errors=True)
            excess -= sizes[folder]


def _used(folder: Path) -> float:
    return folder.stat().st_mtime


def _plain_words(folder: Path) -> contextlib.AbstractContextManager[None]:
    return describe_disk_errors(f"The cache {folder.parent}", "Free some space and try again.")
