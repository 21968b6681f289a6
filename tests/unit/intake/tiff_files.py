"""TIFFs built tag by tag, as cameras, scanners and microscopes write them."""

import struct
from collections.abc import Mapping

import numpy as np

SUB_IFDS, STRIP_OFFSETS = 330, 273
SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3, "c": 6}


def tiff(
    pixels: np.ndarray, tags: Mapping[int, int] = {}, sub_image: Mapping[int, int] | None = None, order: str = "<"
) -> bytes:
    """An uncompressed TIFF.

    Args:
        pixels: (height, width) or (height, width, channels).
        tags: More tags, or other values of the usual ones.
        sub_image: Tags of an image that is a child of the first one, without pixels.
        order: `<` for little endian, `>` for big endian.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    values: dict[int, tuple[int, ...]] = {
        256: (width,),
        257: (height,),
        258: (pixels.dtype.itemsize * 8,) * channels,
        259: (1,),
        262: (2 if channels >= 3 else 1,),
        STRIP_OFFSETS: (8,),
        277: (channels,),
        278: (height,),
        279: (len(data),),
        339: (SAMPLE_FORMATS[pixels.dtype.kind],) * channels,
    }
    values |= {tag: (value,) for tag, value in tags.items()}
    child = b""
    at = 8 + len(data)
    if sub_image is not None:
        child = _directory({tag: (value,) for tag, value in sub_image.items()}, at, order)
        values[SUB_IFDS] = (at,)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    first = at + len(child)
    return magic + struct.pack(f"{order}I", first) + data + child + _directory(values, first, order)


def _directory(values: Mapping[int, tuple[int, ...]], at: int, order: str) -> bytes:
    """The tags, as 32-bit integers, and behind them the values that take more than four bytes."""
    behind = at + 2 + 12 * len(values) + 4
    entries, long_values = b"", b""
    for tag, numbers in sorted(values.items()):
        packed = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            packed, long_values = struct.pack(f"{order}I", behind + len(long_values)), long_values + packed
        entries += struct.pack(f"{order}HHI", tag, 4, len(numbers)) + packed
    return struct.pack(f"{order}H", len(values)) + entries + bytes(4) + long_values
