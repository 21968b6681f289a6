"""Decode a file of any common format to an upright 8-bit sRGB image.

This module alone decides which pixels a network gets: which formats are read, that the first frame or page counts, EXIF
rotation, conversion of colour profiles to sRGB, of 16 bits and floats to 8, and the background of transparent images.
Every decoder process imports it at its start, so rarely needed libraries are imported on demand.
"""

import functools
import importlib
import io
import struct
import warnings
from pathlib import Path
from typing import Final

from PIL import Image, ImageCms, JpegImagePlugin, UnidentifiedImageError

from core.errors import ImageError
from core.intake import rejection_messages, tiff
from core.intake.truncated_jpeg import complete_jpeg

Image.preinit()
# Pillow loads no plugin for a format that is asked for by name, and loading all plugins is slow.
for plugin in ("Avif", "Ico", "Jpeg2K", "Mpo", "Psd", "Tga", "Tiff", "WebP"):
    importlib.import_module(f"PIL.{plugin}ImagePlugin")

# Left out on purpose: EPS, which runs Ghostscript, and formats that are no longer written.
FORMATS: Final = (
    "JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "DIB", "HEIF", "AVIF", "JPEG2000", "PSD", "ICO", "PPM",
)  # fmt: skip
# TGA has no reliable magic number, so the file's suffix must agree.
NAMED_FORMATS: Final = {".tga": "TGA"}
# Pillow decodes these slowly, in Python, and turns damaged ones into noise without an error.
BMP_RUN_LENGTH: Final = (1, 2)
# Pillow's own limit (a quarter of a gibibyte at 24 bits per pixel), above which it warns of a decompression bomb.
MAX_PIXELS: Final = 89_478_485
# The default background of transparent images.
WHITE: Final = "#ffffff"
ORIENTATION: Final = 0x0112
ROTATIONS: Final = {
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
# First bytes of formats that are not supported, and their names.
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
# DICOM: window, rescaling and compression are medical choices that its viewer makes better.
DICOM_OFFSET, DICOM_MAGIC = 128, b"DICM"
# HEIC, AVIF and MP4 share this container format.
ISO_MEDIA: Final = b"ftyp"
VIDEO_BRANDS: Final = (b"iso", b"mp4", b"avc", b"M4V", b"qt ", b"3gp", b"3g2")
# For raw files without known tags.
RAW_SUFFIXES: Final = frozenset((".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".raf", ".pef", ".srw"))
# Key of `Image.info` after decoding a JPEG without its last bytes.
LACKS_END: Final = "graft_lacks_end"


def open_image(path: Path, suffix: str = "") -> Image.Image:
    """Open a file without decoding it.

    Args:
        path: The file.
        suffix: Suffix of the original file name, e.g. `.jpg`; empty if unknown.

    Raises:
        ImageError: The format is not supported, or the image has too many pixels; the sentence is one of
            `rejection_messages`.
        OSError: The file does not exist or cannot be read.
    """
    # Damaged metadata is common. Warnings can be silenced per thread only from Python 3.14 on.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if tiff.is_camera_raw(path, head):
        raise ImageError(rejection_messages.UNSUPPORTED_FORMAT.format(kind=tiff.CAMERA_RAW))
    if head[4:8] == ISO_MEDIA:
        _register_heif()
    formats = FORMATS + ((NAMED_FORMATS[suffix],) if suffix in NAMED_FORMATS else ())
    try:
        image = Image.open(path, formats=[name for name in formats if name in Image.OPEN])
    except Exception as error:
        raise ImageError(_describe_open_error(path, suffix, head, error)) from error
    rejection = _find_rejection(image)
    if rejection:
        image.close()
        raise ImageError(rejection)
    return image


def decode_rgb(
    image: Image.Image, at_least: int = 0, background: str = WHITE, bit_depth: int | None = None
) -> Image.Image:
    """Decode an opened image: its first frame, upright, as 8-bit sRGB.

    Args:
        image: The result of `open_image`.
        at_least: If a small copy is enough, the least length of its longer side in pixels; 0 for the full size.
        background: Background of transparent pixels, sRGB as `#rrggbb`.
        bit_depth: Bits of integers of more than 8 bits, as in `high_bit_depth.to_grey`; None to choose for this image.

    Raises:
        ImageError: The data is truncated, damaged or cannot be converted to RGB; the sentence is one of
            `rejection_messages`.
    """
    try:
        _load(image)
        # After loading: a PNG may store EXIF data after the pixels, and Pillow rotates TIFFs itself while loading.
        rotation = ROTATIONS.get(_orientation(image))
        profile = image.info.get("icc_profile")
        picture = _reduce(image, at_least) if at_least else image
        picture = _to_rgb(_to_8_bits(picture, bit_depth), profile if isinstance(profile, bytes) else None, background)
        return picture.transpose(rotation) if rotation is not None else picture
    except ImageError:
        raise
    except Exception as error:  # decoders raise almost any exception on hostile data
        raise ImageError(describe_decode_error(error)) from error


def is_sideways(image: Image.Image) -> bool:
    """Whether width and height of a decoded image are swapped when it is upright."""
    return ROTATIONS.get(_orientation(image)) in SIDEWAYS


def describe_decode_error(error: BaseException) -> str:
    """Give the rejection message for an exception of a decoder."""
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return rejection_messages.TOO_MANY_PIXELS
    if isinstance(error, MemoryError):
        return rejection_messages.TOO_MUCH_MEMORY
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return rejection_messages.TRUNCATED
    return rejection_messages.DAMAGED


def _load(image: Image.Image) -> None:
    """Decode; a JPEG that lacks only its last bytes is completed and marked with `LACKS_END`."""
    try:
        image.load()
    except OSError:
        if not isinstance(image, JpegImagePlugin.JpegImageFile) or not image.filename:
            raise
        completed = complete_jpeg(Path(str(image.filename)))
        if completed is None:
            raise
        if image.fp is not None:
            image.fp.close()
        image.fp = completed
        image.load()
        image.info[LACKS_END] = True


def _describe_open_error(path: Path, suffix: str, head: bytes, error: Exception) -> str:
    if not isinstance(error, UnidentifiedImageError):
        return describe_decode_error(error)
    if not head:
        return rejection_messages.EMPTY
    kind = _name_format(head) or (tiff.CAMERA_RAW if suffix in RAW_SUFFIXES else tiff.describe_unreadable(path, head))
    return rejection_messages.UNSUPPORTED_FORMAT.format(kind=kind) if kind else rejection_messages.NOT_AN_IMAGE


def _name_format(head: bytes) -> str:
    """Name a known format that is not supported, by its first bytes; empty if it is unknown."""
    for magic, kind in UNSUPPORTED_FORMAT:
        if head.startswith(magic):
            return kind
    if head[:5] == b"<?xml" and b"<svg" in head:
        return "an SVG drawing"
    if head[4:8] == ISO_MEDIA and head[8:11] in VIDEO_BRANDS:
        return "a video"
    return "a DICOM file" if head[DICOM_OFFSET:].startswith(DICOM_MAGIC) else ""


@functools.cache
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()


def _find_rejection(image: Image.Image) -> str:
    if image.format in ("BMP", "DIB") and image.info.get("compression") in BMP_RUN_LENGTH:
        return rejection_messages.UNSUPPORTED_FORMAT.format(kind="a run-length compressed bitmap")
    return rejection_messages.TOO_MANY_PIXELS if image.width * image.height > MAX_PIXELS else ""


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # unreadable EXIF data counts as none
        return 1
    return value if isinstance(value, int) else 1


def _reduce(image: Image.Image, at_least: int) -> Image.Image:
    """Average blocks of pixels before the colour conversion, which saves most of the time and memory."""
    factor = max(image.size) // at_least
    if factor < 2 or image.mode not in ("L", "RGB", "RGBA", "CMYK") or "transparency" in image.info:  # noqa: PLR2004
        return image
    return image.reduce(factor)


def _to_8_bits(image: Image.Image, bit_depth: int | None) -> Image.Image:
    """Convert integers of more than 8 bits, and floats, to 8-bit grey."""
    if not (image.mode.startswith("I") or image.mode == "F"):
        return image
    from core.intake.high_bit_depth import to_grey

    return to_grey(image, bit_depth)


def _to_rgb(image: Image.Image, profile: bytes | None, background: str) -> Image.Image:
    """Convert to sRGB and composite on the background.

    The background is given in sRGB, so the image is converted first. White is white in every profile and is applied
    before the conversion: working copies from the time when only white existed stay valid.
    """
    has_transparent_colour = "transparency" in image.info and image.mode in ("1", "L", "RGB", "P")
    if not has_transparent_colour and image.mode not in ("RGBA", "LA", "PA", "RGBa", "La"):
        return _to_srgb(image, profile)
    if image.mode == "La":
        image = image.convert("LA")
    picture = image.convert("RGBA")
    if background == WHITE:
        return _to_srgb(_composite(picture, picture.getchannel("A"), WHITE), profile)
    return _composite(_to_srgb(picture.convert("RGB"), profile), picture.getchannel("A"), background)


def _composite(picture: Image.Image, alpha: Image.Image, background: str) -> Image.Image:
    result = Image.new("RGB", picture.size, background)
    result.paste(picture, mask=alpha)
    return result


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode in ("P", "1", "YCbCr", "HSV", "RGBX"):
        image = image.convert("RGB")
    transform = _make_transform(profile, image.mode) if profile or image.mode == "LAB" else None
    if transform is not None:
        return transform.apply(image)
    return image.convert("RGB")


@functools.lru_cache(maxsize=32)
def _make_transform(profile: bytes | None, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Give the transform from a profile to sRGB; None if the profile is sRGB, damaged or of another colour space."""
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
