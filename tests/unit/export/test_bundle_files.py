"""`preprocess.py` of a bundle reads the same pixels as the app."""

import csv
import importlib
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.dataset.pixels import load_image
from core.errors import ImageError
from core.export.bundle_files import preprocess
from core.export.bundle_files.preprocess import read_input, read_rgb
from tests.unit.dataset.transparent import KINDS, save_transparent, wide_profile
from tests.unit.intake.tiff_files import tiff

BACKGROUNDS = ["#ffffff", "#2080a0"]


def assert_same(path, background="#ffffff", bit_depth=None):
    expected = load_image(path, background=background, bit_depth=bit_depth)
    np.testing.assert_array_equal(read_rgb(path, background, bit_depth), expected)


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("kind", KINDS)
def test_transparent_pictures(tmp_path, kind, background):
    assert_same(save_transparent(kind, tmp_path), background)


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_half_transparent_pictures_with_a_profile(tmp_path, background):
    values = np.random.default_rng(0).integers(0, 256, (16, 16, 4), np.uint8)
    Image.fromarray(values).save(tmp_path / "a.png", icc_profile=wide_profile())
    assert_same(tmp_path / "a.png", background)


@pytest.mark.parametrize("bit_depth", [None, 8, 12, 16])
@pytest.mark.parametrize("high", [200, 4095, 65535])
def test_grey_of_16_bits(tmp_path, high, bit_depth):
    values = np.random.default_rng(0).integers(0, high + 1, (16, 16), np.uint16)
    values[0, 0] = high
    Image.fromarray(values).save(tmp_path / "a.png")
    assert_same(tmp_path / "a.png", bit_depth=bit_depth)


def test_a_bundle_of_before_bit_depths_chooses_them_for_each_image(tmp_path):
    (tmp_path / "input.json").write_text('{"size": 32, "resize": "crop", "background": "#ffffff"}')
    assert read_input(tmp_path) == (32, "crop", "#ffffff", None)


@pytest.mark.parametrize("bit_depth", [None, 12])
@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 255), (-5, 5000)])
def test_grey_of_floats(tmp_path, low, high, bit_depth):
    values = np.random.default_rng(0).uniform(low, high, (16, 16)).astype(np.float32)
    values[0, :2] = np.nan, np.inf
    Image.fromarray(values).save(tmp_path / "a.tiff")
    assert_same(tmp_path / "a.tiff", bit_depth=bit_depth)


def test_a_hot_pixel(tmp_path):
    values = np.random.default_rng(0).integers(0, 4096, (64, 64), np.uint16)
    values[3, 5] = 65535
    Image.fromarray(values).save(tmp_path / "a.png")
    assert_same(tmp_path / "a.png")


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_zero_as_white(tmp_path, dtype):
    values = np.random.default_rng(0).uniform(0, 4095, (64, 64)).astype(dtype)
    (tmp_path / "a.tif").write_bytes(tiff(values, {262: 0}))
    assert_same(tmp_path / "a.tif")


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("cut", [1, 2, 8])
def test_a_jpeg_without_its_last_bytes(tmp_path, mode, cut):
    values = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    Image.fromarray(values).resize((1200, 900)).convert(mode).save(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:-cut])
    assert_same(tmp_path / "a.jpg")


def test_half_of_a_jpeg_is_refused(tmp_path):
    Image.effect_noise((300, 300), 90).save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    with pytest.raises(OSError, match="truncated"):
        read_rgb(tmp_path / "a.jpg", "#ffffff")


@pytest.mark.parametrize("profile", [wide_profile(), b"no profile"], ids=["wide", "broken"])
def test_colour_profiles(tmp_path, profile):
    values = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(values).save(tmp_path / "a.png", icc_profile=profile)
    assert_same(tmp_path / "a.png")


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_other_kinds_of_colours(tmp_path, mode):
    values = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(values).convert(mode).save(tmp_path / "a.tiff")
    assert_same(tmp_path / "a.tiff")


def test_lab(tmp_path):
    lab = ImageCms.createProfile("LAB")
    colour = Image.new("RGB", (8, 8), (200, 60, 30))
    ImageCms.profileToProfile(colour, ImageCms.createProfile("sRGB"), lab, outputMode="LAB").save(tmp_path / "a.tiff")
    assert_same(tmp_path / "a.tiff")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_rotated_images(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    values = np.random.default_rng(0).integers(0, 256, (16, 24, 4), np.uint8)
    Image.fromarray(values).save(tmp_path / "a.png", exif=exif)
    assert_same(tmp_path / "a.png", "#2080a0")


@pytest.mark.data
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_messy_files(sample_data):
    read = []
    for path in sorted((sample_data / "messy").iterdir()):
        try:
            seen = load_image(path, path.name, "#2080a0")
        except ImageError:
            continue
        read.append(path.name)
        np.testing.assert_array_equal(read_rgb(path, "#2080a0"), seen, err_msg=path.name)
    assert len(read) == 45


@pytest.fixture
def bundle_output(tmp_path, monkeypatch):
    """`output.py` as it runs beside `predict.py`, given the command line."""
    (tmp_path / "input.json").write_text('{"size": 32, "resize": "crop", "background": "#ffffff", "bit_depth": null}')
    monkeypatch.syspath_prepend(Path(preprocess.__file__).parent)
    monkeypatch.delitem(sys.modules, "output", raising=False)
    monkeypatch.delitem(sys.modules, "preprocess", raising=False)
    module = importlib.import_module("output")

    def opened(*arguments):
        monkeypatch.setattr(sys, "argv", ["predict.py", *map(str, arguments)])
        return module.Output(["cat", "dog"], tmp_path)

    return opened


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--out", "a.jpg"], "a.jpg is no .csv, the only table that is written"),
        (["--out", "a.xlsx"], "a.xlsx is no .csv, the only table that is written"),
        (["--out", "none/a.csv"], "none/a.csv cannot be written: No such file or directory"),
        (["--threshold", "nan"], "--threshold is nan: give a confidence from 0 to 1"),
        (["--threshold", "80"], "--threshold is 80: give a confidence from 0 to 1"),
    ],
)
def test_the_script_refuses_options_in_a_sentence(bundle_output, tmp_path, monkeypatch, capsys, options, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"a picture")
    with pytest.raises(SystemExit, match="2"):
        bundle_output("a.jpg", *options)
    assert capsys.readouterr().err.endswith(f"error: {sentence}\n")
    assert (tmp_path / "a.jpg").read_bytes() == b"a picture"


def test_the_script_goes_on_after_any_file(bundle_output, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    Image.fromarray(np.full((4, 4), np.nan, np.float32)).save(folder / "nothing.tiff")
    for name in ("good.png", os.fsdecode(b"z\xff.png")):
        Image.new("RGB", (4, 4), "red").save(folder / name)
    output = bundle_output(folder, "--out", tmp_path / "table.csv")
    for path, pixels in output.images():
        output.add(path, pixels, np.array([0.25, 0.75]), None)
    output.end()
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = {Path(row["file"]).name: (row["predicted_class"], bool(row["error"])) for row in csv.DictReader(file)}
    assert rows == {"good.png": ("dog", False), "nothing.tiff": ("", True), "z?.png": ("dog", False)}
