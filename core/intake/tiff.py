"""Recognises TIFF files that Pillow reads wrongly or not at all: raw photographs, more than three channels, floats.

Raw files of cameras (NEF, NRW, ARW, 3FR, DNG and others) are TIFFs whose first image is a thumbnail, so they are
recognised by their tags and not by their names. They are not developed here: white balance and tone are the person's
choice, and an exported model would need the same raw converter to see the same pixels. Images of other than one, three
or four channels, or of coloured floats, are not read either: which channels are red, green and blue, and which range is
black to white, is not in the file.

Sources: TIFF 6.0; TIFF/EP (ISO 12234-2); Adobe's DNG specification; https://exiftool.org/TagNames/EXIF.html for the
compressions of camera makers.
"""

import contextlib
from pathlib import Path
from typing import IO, Final

from PIL import Image, TiffImagePlugin

CAMERA_RAW: Final = "a camera's raw file"
# First bytes of raw formats that are no TIFF, or a TIFF with a magic number of its own.
RAW_MAGIC: Final = (
    (0, b"FUJIFILMCCD-RAW"),
    (0, b"IIRO"),
    (0, b"IIRS"),
    (0, b"MMOR"),
    (0, b"IIU\0"),
    (0, b"FOVb"),
    (0, b"\0MRM"),
    (8, b"CR\x02"),
    (8, b"IIII"),
    (8, b"MMMM"),
    (4, b"ftypcrx"),
)
TIFF_MAGIC: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
SUBFILE_TYPE, COMPRESSION, PHOTOMETRIC, SUB_IFDS, CFA_PATTERN, DNG_VERSION = 254, 259, 262, 330, 33422, 50706
BITS_PER_SAMPLE, SAMPLES_PER_PIXEL, SAMPLE_FORMAT = 258, 277, 339
WIDTH, HEIGHT = 256, 257
IS_THUMBNAIL: Final = 1
WHITE_IS_ZERO: Final = 0
COLOUR_FILTER_ARRAY, LINEAR_RAW = 32803, 34892
# Sony, Samsung, Nikon and Pentax.
RAW_COMPRESSIONS: Final = frozenset((32767, 32769, 32770, 34713, 65535))
MAX_SUB_IFDS: Final = 8
MAX_CHANNELS: Final = 1000  # a larger number is damage
SAMPLE_KINDS: Final = {1: "integers", 2: "signed integers", 3: "floats", 5: "complex integers", 6: "complex floats"}

Tags = TiffImagePlugin.ImageFileDirectory_v2


def is_white_zero(image: Image.Image) -> bool:
    """Whether 0 is white in an image of more than 8 bits; Pillow inverts only those of up to 8."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    return image.tag_v2.get(PHOTOMETRIC) == WHITE_IS_ZERO and (image.mode == "F" or image.mode.startswith("I"))


def is_camera_raw(path: Path, head: bytes) -> bool:
    """Whether a file is a raw photograph, by its first bytes and tags."""
    if any(head[at : at + len(magic)] == magic for at, magic in RAW_MAGIC):
        return True
    if head[:4] not in TIFF_MAGIC:
        return False
    with path.open("rb") as file:
        first = _read_tags(file, head)
        if first is None:
            return False
        # A first image that is only the thumbnail of another one is how raw files begin, and no other files.
        if _int(first, SUBFILE_TYPE) & IS_THUMBNAIL or DNG_VERSION in first or _is_raw_data(first):
            return True
        offsets = first.get(SUB_IFDS, ())
        offsets = offsets if isinstance(offsets, tuple) else (offsets,)
        return any(_is_raw_data(_read_tags(file, head, offset)) for offset in offsets[:MAX_SUB_IFDS])


def describe_unreadable(path: Path, head: bytes) -> str:
    """Describe a TIFF that Pillow cannot open, such as `a TIFF with 5 channels of 16-bit integers`.

    Returns:
        The description; empty if the file is no TIFF or is damaged.
    """
    if head[:4] not in TIFF_MAGIC:
        return ""
    with path.open("rb") as file:
        tags = _read_tags(file, head)
    if tags is None or not set(tags) >= {WIDTH, HEIGHT, BITS_PER_SAMPLE}:
        return ""
    channels, bits = _int(tags, SAMPLES_PER_PIXEL, 1), _int(tags, BITS_PER_SAMPLE)
    kind = SAMPLE_KINDS.get(_int(tags, SAMPLE_FORMAT, 1))
    if not 0 < channels <= MAX_CHANNELS or not bits or kind is None:
        return ""
    inverted = " in which 0 is white" if _int(tags, PHOTOMETRIC, -1) == WHITE_IS_ZERO else ""
    return f"a TIFF with {channels} channel{'' if channels == 1 else 's'} of {bits}-bit {kind}{inverted}"


def _is_raw_data(tags: Tags | None) -> bool:
    return tags is not None and (
        _int(tags, PHOTOMETRIC, -1) in (COLOUR_FILTER_ARRAY, LINEAR_RAW)
        or _int(tags, COMPRESSION) in RAW_COMPRESSIONS
        or CFA_PATTERN in tags
    )


def _int(tags: Tags, tag: int, default: int = 0) -> int:
    with contextlib.suppress(Exception):  # values of damaged tags are of any type, or raise when they are read
        value = tags.get(tag, default)
        value = value[0] if isinstance(value, tuple) else value
        if isinstance(value, int):
            return value
    return default


def _read_tags(file: IO[bytes], head: bytes, offset: int | None = None) -> Tags | None:
    """Read the tags of the first image of a TIFF, or of the one at an offset; None if they cannot be read."""
    with contextlib.suppress(Exception):  # Pillow raises nearly anything on damaged tags
        is_big = head[2] == ord("+") or head[3] == ord("+")
        tags = Tags(head[: 16 if is_big else 8])
        file.seek(tags.next if offset is None else offset)
        tags.load(file)
        return tags
    return None
