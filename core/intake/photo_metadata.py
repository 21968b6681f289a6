"""What a camera wrote beside the pixels: time, camera and place, from EXIF.

Tags and units: Exif 2.32, CIPA DC-008. Any of them may be missing or nonsense; such a value counts as missing.
"""

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from core.names import clean_name

TIME_FORMAT: Final = "%Y:%m:%d %H:%M:%S"
DEGREES: Final = 3  # degrees, minutes, seconds
MOST_LATITUDE, MOST_LONGITUDE = 90, 180


@dataclass(frozen=True)
class PhotoMetadata:
    """Metadata of a photograph; None where the file does not say.

    Attributes:
        time: When it was taken, local time as the camera had it, ISO 8601 without a zone.
        camera: Maker and model.
        latitude: In degrees, north is positive.
        longitude: In degrees, east is positive.
    """

    time: str | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None


def read_metadata(image: Image.Image) -> PhotoMetadata:
    """Read the metadata of an opened image."""
    with contextlib.suppress(Exception):  # damaged EXIF data raises exceptions of any type
        exif = image.getexif()
        details, place = exif.get_ifd(IFD.Exif), exif.get_ifd(IFD.GPSInfo)
        latitude = _degrees(place, GPS.GPSLatitude, GPS.GPSLatitudeRef, "S", MOST_LATITUDE)
        longitude = _degrees(place, GPS.GPSLongitude, GPS.GPSLongitudeRef, "W", MOST_LONGITUDE)
        return PhotoMetadata(
            time=_time(details.get(Base.DateTimeOriginal)) or _time(exif.get(Base.DateTime)),
            camera=_camera(exif.get(Base.Make), exif.get(Base.Model)),
            latitude=latitude if longitude is not None else None,
            longitude=longitude if latitude is not None else None,
        )
    return PhotoMetadata()


def _time(value: object) -> str | None:
    with contextlib.suppress(ValueError):
        return datetime.strptime(str(value).strip("\0 "), TIME_FORMAT).isoformat()  # noqa: DTZ007 - cameras name no zone
    return None


def _camera(make: object, model: object) -> str | None:
    maker, name = (clean_name(value) if isinstance(value, str) else "" for value in (make, model))
    # Many models repeat their maker: `Canon EOS R5`.
    return (name if name.casefold().startswith(maker.casefold()) else f"{maker} {name}".strip()) or None


def _degrees(place: dict[int, Any], tag: int, reference: int, negative: str, most: int) -> float | None:
    parts = place.get(tag)
    if not isinstance(parts, Sequence) or len(parts) != DEGREES:
        return None
    degrees, minutes, seconds = map(float, parts)
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value) or not 0 <= value <= most:
        return None
    return round(-value if str(place.get(reference)).strip("\0 ").upper() == negative else value, 6)
