"""Raw photographs and unusual TIFFs are recognised by their content and rejected with the name of what they are."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.intake import rejection_messages
from core.intake.decode_rgb import open_image
from tests.unit.intake.tiff_files import tiff

THUMBNAIL = np.full((60, 80, 3), 90, np.uint8)
CFA, LINEAR_RAW = 32803, 34892
RAW = rejection_messages.UNSUPPORTED_FORMAT.format(kind="a camera's raw file")


def rejection(path: Path, data: bytes, suffix: str = ".tif") -> str:
    path.write_bytes(data)
    with pytest.raises(ImageError) as error:
        open_image(path, suffix)
    return error.value.sentence


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("tags", "sub_image"),
    [
        ({254: 1}, None),
        ({254: 1}, {262: CFA}),
        ({}, {262: CFA}),
        ({}, {262: LINEAR_RAW}),
        ({}, {33422: 1, 262: 1}),
        ({}, {259: 34713}),
        ({50706: 0x01040000}, None),
    ],
    ids=["thumbnail", "thumbnail-and-cfa", "cfa", "linear", "pattern", "nikon", "dng"],
)
def test_a_raw_photograph_is_recognised_by_its_tags(tmp_path, tags, sub_image, order):
    assert rejection(tmp_path / "a", tiff(THUMBNAIL, tags, sub_image, order)) == RAW


@pytest.mark.parametrize(
    "head",
    [b"FUJIFILMCCD-RAW 0201", b"IIRO\x08\0\0\0", b"IIU\0\x18\0\0\0", b"II*\0\x10\0\0\0CR\x02\0", b"\0\0\0\x18ftypcrx "],
)
def test_a_raw_photograph_is_recognised_by_its_first_bytes(tmp_path, head):
    assert rejection(tmp_path / "a", head + bytes(600), ".jpg") == RAW


def test_a_raw_photograph_is_not_recognised_by_its_name(tmp_path):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "a.nef", "JPEG")
    with open_image(tmp_path / "a.nef", ".nef") as image:
        assert image.size == (8, 8)


def test_a_tiff_with_smaller_copies_of_itself_is_no_raw_photograph(tmp_path):
    (tmp_path / "a.tif").write_bytes(tiff(THUMBNAIL, {}, {254: 1, 262: 2}))
    with open_image(tmp_path / "a.tif", ".tif") as image:
        assert image.size == (80, 60)


@pytest.mark.parametrize(
    ("pixels", "kind"),
    [
        (np.zeros((4, 4, 5), np.uint8), "a TIFF with 5 channels of 8-bit integers"),
        (np.zeros((4, 4, 7), np.uint16), "a TIFF with 7 channels of 16-bit integers"),
        (np.zeros((4, 4, 3), np.float32), "a TIFF with 3 channels of 32-bit floats"),
        (np.zeros((4, 4), np.float64), "a TIFF with 1 channel of 64-bit floats"),
        (np.zeros((4, 4), np.complex64), "a TIFF with 1 channel of 64-bit complex floats"),
    ],
)
def test_a_tiff_that_is_no_colour_picture_is_named(tmp_path, pixels, kind):
    expected = rejection_messages.UNSUPPORTED_FORMAT.format(kind=kind)
    assert rejection(tmp_path / "a", tiff(pixels)) == expected
    assert "save it as JPEG or PNG" in expected


def test_a_dicom_file_is_named(tmp_path):
    expected = rejection_messages.UNSUPPORTED_FORMAT.format(kind="a DICOM file")
    assert rejection(tmp_path / "a", bytes(128) + b"DICM" + bytes(400), ".dcm") == expected


@pytest.mark.parametrize("cut", [9, 20, 60, 200])
def test_a_damaged_tiff_is_said_to_be_damaged(tmp_path, cut):
    data = tiff(THUMBNAIL)
    assert rejection(tmp_path / "a", data[:cut]) in (rejection_messages.NOT_AN_IMAGE, rejection_messages.DAMAGED)


@pytest.mark.data
def test_a_raw_photograph_of_the_sample_data_is_rejected(sample_data):
    with pytest.raises(ImageError, match="raw file"):
        open_image(sample_data / "cases" / "pixels-read-wrongly" / "DSC_0001.NRW", ".nrw")
