"""Pictures whose lower half is transparent, one for each way in which a file can say so."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageCms

SIDE: Final = 8
SHOWN, HIDDEN = 200, 90  # grey levels of what is opaque, and of what lies under the transparency


def save_transparent(kind: str, folder: Path) -> Path:
    """Write the picture of a kind of `KINDS`."""
    suffix = kind.split(maxsplit=1)[0]
    path = folder / f"{kind.replace(' ', '-')}.{suffix}"
    KINDS[kind](path)
    return path


def wide_profile() -> bytes:
    """A profile with the primaries of Display P3 and the tone curve of sRGB, as telephones and screens embed it."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * data[131], 12)}
    # Adapted to D50: https://www.color.org/chardata/rgb/DisplayP3.xalter
    for tag, values in (
        (b"rXYZ", (0.51512, 0.2412, -0.00105)),
        (b"gXYZ", (0.29198, 0.69225, 0.04189)),
        (b"bXYZ", (0.1571, 0.06657, 0.78407)),
    ):
        (start,) = struct.unpack(">I", data[places[tag] + 4 : places[tag] + 8])
        data[start + 8 : start + 20] = b"".join(struct.pack(">i", round(value * 65536)) for value in values)
    return bytes(data).replace(b"s\0R\0G\0B", b"t\0e\0s\0t").replace(b"sRGB", b"test")


def _halves(shown: int, hidden: int, channels: int = 1) -> np.ndarray:
    values = np.full((SIDE, SIDE, channels), shown, np.uint8)
    values[SIDE // 2 :] = hidden
    return values


def _with_alpha(path: Path, channels: int, **options: object) -> None:
    values = np.dstack([_halves(SHOWN, HIDDEN, channels), _halves(255, 0)])
    Image.fromarray(values).save(path, **options)


def _with_one_clear_colour(path: Path, channels: int) -> None:
    clear = HIDDEN if channels == 1 else (HIDDEN,) * channels
    Image.fromarray(_halves(SHOWN, HIDDEN, channels).squeeze()).save(path, transparency=clear)


def _with_palette(path: Path, transparency: object) -> None:
    picture = Image.fromarray(_halves(0, 1)[..., 0], "P")
    picture.putpalette([*(SHOWN,) * 3, *(HIDDEN,) * 3])
    picture.save(path, transparency=transparency)


def _with_16_bits(path: Path) -> None:
    values = _halves(SHOWN, HIDDEN)[..., 0].astype(np.uint16) * 257
    Image.fromarray(values).save(path, transparency=HIDDEN * 257)


KINDS: Final[dict[str, Callable[[Path], None]]] = {
    "png of RGB and alpha": lambda path: _with_alpha(path, 3),
    "png of grey and alpha": lambda path: _with_alpha(path, 1),
    "png with a profile": lambda path: _with_alpha(path, 3, icc_profile=wide_profile()),
    "png with a clear colour": lambda path: _with_one_clear_colour(path, 3),
    "png with a clear grey": lambda path: _with_one_clear_colour(path, 1),
    "png with a palette": lambda path: _with_palette(path, 1),
    "png with a palette of alphas": lambda path: _with_palette(path, bytes([255, 0])),
    "png of 16 bits": _with_16_bits,
    "gif": lambda path: _with_palette(path, 1),
    "webp": lambda path: _with_alpha(path, 3, lossless=True, exact=True),
    "tiff": lambda path: _with_alpha(path, 3),
}
