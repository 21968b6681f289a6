"""JPEGs that lack only their last bytes, as interrupted copies and some programs write them, are whole for a person."""

import io
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops

END_OF_IMAGE: Final = b"\xff\xd9"
# Decodes to other pixels than nothing does, wherever compressed data is missing.
PADDING: Final = bytes(range(1, 128)) * 2000
# Share of the pixels that may depend on the missing bytes: a few blocks of the last row.
MAX_MISSING: Final = 0.001


def complete_jpeg(path: Path) -> io.BytesIO | None:
    """Return a JPEG with an end, if it lacks only its last bytes.

    The decoder fills missing blocks without saying how many. So the image is decoded twice, with different bytes
    appended: the pixels that differ are those that the file does not determine.

    Returns:
        The file's bytes and an end marker; None if more than a few pixels are missing.

    Raises:
        OSError: The file cannot be read or decoded.
    """
    data = path.read_bytes()
    completed = io.BytesIO(data + END_OF_IMAGE)
    first = _decode(completed)
    second = _decode(io.BytesIO(data.removesuffix(END_OF_IMAGE[:1]) + PADDING + END_OF_IMAGE))
    if _count_different(first, second) > MAX_MISSING * first.width * first.height:
        return None
    completed.seek(0)
    return completed


def _decode(file: io.BytesIO) -> Image.Image:
    with Image.open(file, formats=["JPEG"]) as image:
        return image.copy()


def _count_different(first: Image.Image, second: Image.Image) -> int:
    largest, *others = ImageChops.difference(first, second).split()
    for band in others:
        largest = ImageChops.lighter(largest, band)
    return first.width * first.height - largest.histogram()[0]
