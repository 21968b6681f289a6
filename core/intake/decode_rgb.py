"""A file of any common format -> an upright picture in sRGB, always by the same rules.

The one place that decides how a picture looks to a network: which formats are read, the first frame or page, EXIF
rotation, colour profiles to sRGB, 16 bits and floats to 8, transparency on a background. Every process that decodes
starts with this module, so it imports little, and what only few images need when one comes.
"""

import functools
import importlib
import io
import struct
import warnings
from pathlib import Path
from typing import Final

from PIL import Image, ImageCms, UnidentifiedImageError

from core.errors import ImageError
from core.intake import rejection_messages

Image.preinit()
# Asked for formats by name, Pillow does not load their plugins by itself; loading all takes long.
for plugin in ("Avif", "Ico", "Jpeg2K", "Mpo", "Psd", "Tga", "Tiff", "WebP"):
    importlib.import_module(f"PIL.{plugin}ImagePlugin")

# Left out on purpose: EPS (runs Ghostscript) and formats that no camera or image program writes today.
FORMATS: Final = (
    "JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "DIB", "HEIF", "AVIF", "JPEG2000", "PSD", "ICO", "PPM",
)  # fmt: skip
# Its magic number is three bytes that many other files begin with, so the file's name has to say it too.
NAMED_FORMATS: Final = {".tga": "TGA"}
# Pillow decodes these in Python, slowly, and turns broken ones into noise without a word.
BMP_RUN_LENGTH: Final = (1, 2)
# Pillow's own bound (a quarter of a gibibyte at 24 bits a pixel); above it Pillow warns of a decompression bomb.
MAX_PIXELS: Final = 89_478_485
# What transparent images lie on where nobody chose another background.
WHITE: Final = "#ffffff"
ORIENTATION: Final = 0x0112
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS: Final = (
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
)
# First bytes of files that people take for images, and what to call them.
UNSUPPORTED_FORMAT: Final = (
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript file"),
    (b"<svg", "an SVG drawing"),
    (b"SIMPLE  =", "a FITS file"),
    (b"\x1aE\xdf\xa3", "a video"),
)
HEAD_BYTES: Final = 512
# HEIC, AVIF and videos are boxes of the same kind.
ISO_MEDIA: Final = b"ftyp"
VIDEO_BRANDS: Final = (b"iso", b"mp4", b"avc", b"M4V", b"qt ", b"3gp", b"3g2")
RAW_SUFFIXES: Final = frozenset((".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".raf", ".pef", ".srw"))


def open_image(path: Path, suffix: str = "") -> Image.Image:
    """Open a file without decoding it.

    Args:
        path: The file.
        suffix: Suffix of the name that the person gave it, e.g. `.jpg`; empty where it is not known.

    Raises:
        ImageError: Not an image of a format that is read, or too many pixels; its sentence is one of `reasons`.
        OSError: The file is gone or may not be read.
    """
    # Broken metadata is the normal case, and thread-safe ways to mute a warning exist from Python 3.14 on only.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    if suffix in RAW_SUFFIXES:
        raise ImageError(rejection_messages.UNSUPPORTED_FORMAT.format(kind="a camera's raw file"))
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head[4:8] == ISO_MEDIA:
        _register_heif()
    formats = FORMATS + ((NAMED_FORMATS[suffix],) if suffix in NAMED_FORMATS else ())
    try:
        image = Image.open(path, formats=[name for name in formats if name in Image.OPEN])
    except Exception as error:
        raise ImageError(_why_not_opened(head, error)) from error
    refused = _why_not_taken(image)
    if refused:
        image.close()
        raise ImageError(refused)
    return image


def decode_rgb(image: Image.Image, at_least: int = 0, background: str = WHITE) -> Image.Image:
    """Decode an opened image: its first frame, upright, as 8-bit sRGB.

    Args:
        image: As `open_image` gave it.
        at_least: Where a small copy is enough, the least that its longer side should have; 0 for the full size.
        background: What transparent places are laid on, sRGB as `#rrggbb`.

    Raises:
        ImageError: The data is cut off, damaged, or of a kind that cannot become RGB; its sentence is one of `reasons`.
    """
    try:
        image.load()
        # After loading: a PNG may hold its EXIF data behind the pixels, and Pillow turns TIFFs itself while loading.
        turn = TURNS.get(_orientation(image))
        profile = image.info.get("icc_profile")
        picture = _reduce(image, at_least) if at_least else image
        picture = _to_rgb(_to_8_bits(picture), profile if isinstance(profile, bytes) else None, background)
        return picture.transpose(turn) if turn is not None else picture
    except ImageError:
        raise
    except Exception as error:  # decoders raise nearly everything on hostile data
        raise ImageError(why_not_decoded(error)) from error


def is_sideways(image: Image.Image) -> bool:
    """Whether a decoded image lies on its side, so that its upright width is its height."""
    return TURNS.get(_orientation(image)) in SIDEWAYS


def why_not_decoded(error: BaseException) -> str:
    """The sentence for what a decoder raised."""
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return rejection_messages.TOO_MANY_PIXELS
    if isinstance(error, MemoryError):
        return rejection_messages.TOO_MUCH_MEMORY
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return rejection_messages.TRUNCATED
    return rejection_messages.DAMAGED


def _why_not_opened(head: bytes, error: Exception) -> str:
    if not isinstance(error, UnidentifiedImageError):
        return why_not_decoded(error)
    if not head:
        return rejection_messages.EMPTY
    for magic, kind in UNSUPPORTED_FORMAT:
        if head.startswith(magic):
            return rejection_messages.UNSUPPORTED_FORMAT.format(kind=kind)
    if head[:5] == b"<?xml" and b"<svg" in head:
        return rejection_messages.UNSUPPORTED_FORMAT.format(kind="an SVG drawing")
    if head[4:8] == ISO_MEDIA and head[8:11] in VIDEO_BRANDS:
        return rejection_messages.UNSUPPORTED_FORMAT.format(kind="a video")
    return rejection_messages.NOT_AN_IMAGE


@functools.cache
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()


def _why_not_taken(image: Image.Image) -> str:
    if image.format in ("BMP", "DIB") and image.info.get("compression") in BMP_RUN_LENGTH:
        return rejection_messages.UNSUPPORTED_FORMAT.format(kind="a run-length compressed bitmap")
    return rejection_messages.TOO_MANY_PIXELS if image.width * image.height > MAX_PIXELS else ""


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # an unreadable EXIF block says nothing about the pixels
        return 1
    return value if isinstance(value, int) else 1


def _reduce(image: Image.Image, at_least: int) -> Image.Image:
    """Average blocks of pixels before the colours are converted, which saves most of the time and memory."""
    factor = max(image.size) // at_least
    if factor < 2 or image.mode not in ("L", "RGB", "RGBA", "CMYK") or "transparency" in image.info:  # noqa: PLR2004
        return image
    return image.reduce(factor)


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Whole numbers of more than 8 bits, and floats, become 8-bit grey; everything else passes."""
    if not (image.mode.startswith("I") or image.mode == "F"):
        return image
    from core.intake.high_bit_depth import to_grey

    return to_grey(image)


def _to_rgb(image: Image.Image, profile: bytes | None, background: str) -> Image.Image:
    """Convert to sRGB, transparent places on the background.

    A background is in sRGB, so it goes below what was converted already. White is white in every profile: it goes below
    before that, as it did when nothing else could be chosen, and kept copies of half-transparent places stay valid.
    """
    clear = "transparency" in image.info and image.mode in ("1", "L", "RGB", "P")
    if not clear and image.mode not in ("RGBA", "LA", "PA", "RGBa", "La"):
        return _to_srgb(image, profile)
    if image.mode == "La":
        image = image.convert("LA")
    picture = image.convert("RGBA")
    if background == WHITE:
        return _to_srgb(_lay(picture, picture.getchannel("A"), WHITE), profile)
    return _lay(_to_srgb(picture.convert("RGB"), profile), picture.getchannel("A"), background)


def _lay(picture: Image.Image, alpha: Image.Image, background: str) -> Image.Image:
    opaque = Image.new("RGB", picture.size, background)
    opaque.paste(picture, mask=alpha)
    return opaque


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode in ("P", "1", "YCbCr", "HSV", "RGBX"):
        image = image.convert("RGB")
    transform = _transform(profile, image.mode) if profile or image.mode == "LAB" else None
    if transform is not None:
        return transform.apply(image)
    return image.convert("RGB")


@functools.lru_cache(maxsize=32)
def _transform(profile: bytes | None, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way from a profile to sRGB; None where it is sRGB already, broken, or of another kind of colours."""
    try:
        if mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile or b""))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        return ImageCms.ImageCmsTransform(source, target, mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, struct.error):
        return None
