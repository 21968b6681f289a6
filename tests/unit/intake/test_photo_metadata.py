"""Time, camera and place of a photograph are read; nonsense counts as missing."""

import io

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from core.intake.photo_metadata import PhotoMetadata, read_metadata


def photograph(base=None, details=None, place=None, **_) -> Image.Image:
    exif = Image.Exif()
    exif.update(base or {})
    exif.get_ifd(IFD.Exif).update(details or {})
    exif.get_ifd(IFD.GPSInfo).update(place or {})
    data = io.BytesIO()
    Image.new("RGB", (4, 4)).save(data, "JPEG", exif=exif)
    return Image.open(data)


def test_time_camera_and_place_are_read():
    image = photograph(
        {Base.Make: "Maker", Base.Model: "Maker X1\0", Base.DateTime: "2025:01:01 00:00:00"},
        {Base.DateTimeOriginal: "2024:05:06 07:08:09"},
        {
            GPS.GPSLatitude: (10.0, 30.0, 0.0), GPS.GPSLatitudeRef: "S",
            GPS.GPSLongitude: (20.0, 0.0, 36.0), GPS.GPSLongitudeRef: "E",
        },
    )  # fmt: skip
    assert read_metadata(image) == PhotoMetadata("2024-05-06T07:08:09", "Maker X1", -10.5, 20.01)


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"base": {Base.DateTime: "yesterday"}},
        {"base": {Base.Make: "\x01\x02"}},
        {"place": {GPS.GPSLatitude: (95.0, 0.0, 0.0), GPS.GPSLongitude: (1.0, 0.0, 0.0)}},
        {"place": {GPS.GPSLatitude: (5.0, 0.0, 0.0)}},
    ],
)
def test_nonsense_counts_as_missing(written):
    assert read_metadata(photograph(**written)) == PhotoMetadata()


def test_an_image_without_metadata_has_none():
    assert read_metadata(Image.new("RGB", (4, 4))) == PhotoMetadata()
