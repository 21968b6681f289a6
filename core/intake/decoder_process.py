"""What a decoder process does: decode an image, measure it and make its thumbnail. Runs in a `core.sandbox`.

It answers two kinds of requests: `inspect` for images that are taken in, and `pixels` for images that are classified.
"""

import io
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from PIL import Image

from core.errors import ImageError
from core.intake import rejection_messages
from core.intake.decode_rgb import LACKS_END, WHITE, decode_rgb, describe_decode_error, is_sideways, open_image
from core.intake.image_statistics import measure
from core.intake.photo_metadata import read_metadata

THUMBNAIL_SIDE: Final = 256
THUMBNAIL_QUALITY: Final = 82


def inspect(
    path: Path, suffix: str, side: int = THUMBNAIL_SIDE, background: str = WHITE
) -> tuple[dict[str, Any], bytes]:
    """Decode and measure an image.

    JPEGs are decoded at a fraction of their size. The decoder still reads all of the compressed data, so a truncated
    file is found as in full decoding.

    Args:
        path: The file.
        suffix: Suffix of its original name.
        side: Longest side of the thumbnail in pixels.
        background: Colour behind transparent pixels, `#rrggbb`.

    Returns:
        Upright `width` and `height`, `format`, `statistics` and `metadata`, and the thumbnail as JPEG.

    Raises:
        ImageError: It cannot be decoded; the sentence is one of `rejection_messages`.
    """
    with open_image(path, suffix) as image:
        size = image.size
        shrink = min(1.0, side / max(size))
        drafted = image.draft(None, (math.ceil(size[0] * shrink), math.ceil(size[1] * shrink)))
        picture = decode_rgb(image, at_least=side, background=background)
        width, height = size if drafted else image.size
        if is_sideways(image):
            width, height = height, width
        note = rejection_messages.LACKS_END if LACKS_END in image.info else ""
        found = {"width": width, "height": height, "format": image.format, "note": note}
        bit_depth = _bit_depth(image)
        metadata = read_metadata(image)
    picture = _shrink(picture, side)
    measured = {"statistics": asdict(measure(picture, bit_depth)), "metadata": asdict(metadata)}
    return found | measured, _jpeg(picture)


def decode_pixels(
    path: Path, suffix: str, side: int, background: str, bit_depth: int | None
) -> tuple[dict[str, Any], bytes]:
    """Decode an image at its full size, and read its metadata.

    Args:
        path: The file.
        suffix: Suffix of its original name.
        side: Longest side of the thumbnail in pixels; 0 for no thumbnail.
        background: Colour behind transparent pixels, `#rrggbb`.
        bit_depth: As in `core.intake.decode_rgb.decode_rgb`.

    Returns:
        Upright `width` and `height`, `metadata`, and `pixels`, the number of bytes of the (height, width, 3) uint8 RGB
        pixels; then these bytes and those of the thumbnail as JPEG.

    Raises:
        ImageError: It cannot be decoded; the sentence is one of `rejection_messages`.
    """
    with open_image(path, suffix) as image:
        picture = decode_rgb(image, background=background, bit_depth=bit_depth)
        metadata = read_metadata(image)
    pixels = picture.tobytes()
    found = {"width": picture.width, "height": picture.height, "metadata": asdict(metadata), "pixels": len(pixels)}
    return found, pixels + (_jpeg(_shrink(picture, side)) if side else b"")


def answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Answer a request with the arguments of `inspect` or `decode_pixels`: with its result, or why it is `rejected`."""
    arguments = (Path(request["path"]), request["suffix"], request["side"], request["background"])
    try:
        if request["what"] == "pixels":
            return decode_pixels(*arguments, request["bit_depth"])
        return inspect(*arguments)
    except ImageError as error:
        return {"rejected": error.sentence}, b""
    except (FileNotFoundError, PermissionError):
        return {"rejected": rejection_messages.MAY_NOT_BE_READ}, b""
    except Exception as error:  # e.g. a failure in the statistics or the thumbnail
        return {"rejected": describe_decode_error(error)}, b""


def _shrink(picture: Image.Image, side: int) -> Image.Image:
    """Reduce an image in place."""
    picture.thumbnail((side, side), Image.Resampling.BILINEAR)
    return picture


def _jpeg(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=THUMBNAIL_QUALITY)
    return data.getvalue()


def _bit_depth(image: Image.Image) -> int:
    if not image.mode.startswith("I"):
        return 0
    from core.intake.high_bit_depth import find_bit_depth  # imports NumPy, which slows the start of a decoder

    return find_bit_depth(image)
