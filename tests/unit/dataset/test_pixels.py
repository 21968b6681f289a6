"""The training's squares are what the exported graph sees, from every format, upright and in sRGB."""

import hashlib
import io
import re
import zipfile

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms, ImageColor

from core.dataset import pixels
from core.dataset.pixels import PixelSource, TrainingSquares, common_bit_depth, load_image, load_square
from core.errors import ImageError
from core.intake import rejection_messages
from core.storage.arrays import ArrayStore
from core.storage.blobs import OriginalStore
from tests.unit.dataset.transparent import KINDS, save_transparent, wide_profile
from tests.unit.intake.tiff_files import tiff

RESIZES = ("crop", "pad", "stretch")
QUARTERS = np.array([[[250, 0, 0], [0, 250, 0]], [[0, 0, 250], [250, 250, 0]]], np.uint8)


def photograph(height, width, seed=0):
    """Smooth shapes with some noise, as a camera would give."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    smooth = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), np.int16)
    return np.clip(smooth + rng.integers(-6, 7, (height, width, 3)), 0, 255).astype(np.uint8)


def saved(path, values, **options):
    Image.fromarray(values).save(path, **options)
    return path


def in_keras(values, size, resize):
    """What the exported graph does first."""
    import keras

    layer = keras.layers.Resizing(
        size,
        size,
        interpolation="bilinear",
        antialias=True,
        crop_to_aspect_ratio=resize == "crop",
        pad_to_aspect_ratio=resize == "pad",
    )
    return np.round(np.asarray(layer(values[None].astype(np.float32)))[0])


@pytest.mark.parametrize("resize", RESIZES)
@pytest.mark.parametrize(("height", "width"), [(96, 96), (375, 500), (501, 334), (61, 40), (7, 301), (1, 1)])
def test_a_square_equals_the_exported_graphs_to_within_a_level(tmp_path, resize, height, width):
    values = photograph(height, width)
    square = load_square(saved(tmp_path / "a.png", values), 96, resize)
    difference = np.abs(square - in_keras(values, 96, resize))
    assert difference.max() <= 1
    assert difference.mean() < 0.25


def test_a_strip_of_thousands_of_pixels_is_padded_in_little_memory(tmp_path, monkeypatch):
    canvases = []
    new = Image.new
    monkeypatch.setattr(Image, "new", lambda mode, size: canvases.append(size) or new(mode, size))
    path = saved(tmp_path / "a.png", np.full((3, 30_000, 3), 200, np.uint8))
    assert load_square(path, 96, "pad").shape == (96, 96, 3)
    assert max(width * height for width, height in canvases) <= pixels.PAD_SIDE**2


@pytest.mark.parametrize("resize", RESIZES)
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_jpeg_is_decoded_small_and_differs_little(tmp_path, resize, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "a.jpg", photograph(1501, 2003), quality=92, exif=exif)
    square = load_square(path, 96, resize)
    assert square.shape == (96, 96, 3)
    assert np.abs(square - in_keras(load_image(path), 96, resize)).mean() < 1.5


def test_a_large_jpeg_is_not_decoded_in_full(tmp_path, monkeypatch):
    sizes = []
    decode = pixels.decode_rgb
    monkeypatch.setattr(pixels, "decode_rgb", lambda image, **how: sizes.append(image.size) or decode(image, **how))
    load_square(saved(tmp_path / "a.jpg", photograph(1600, 2000)), 96, "crop")
    assert sizes == [(250, 200)]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_rotation_comes_out_upright(tmp_path, orientation):
    upright = np.kron(QUARTERS, np.ones((32, 48, 1), np.uint8))
    undo = {6: 8, 8: 6}.get(orientation, orientation)
    exif = Image.Exif()
    exif[0x0112] = undo
    turned = np.asarray(_turned(upright, undo))
    exif[0x0112] = orientation
    path = saved(tmp_path / "a.png", turned, exif=exif)
    assert (load_image(path) == upright).all()


def _turned(values, orientation):
    """The picture as Pillow would show one that says `orientation`."""
    image = Image.fromarray(values)
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(buffer, "PNG", exif=exif)
    from PIL import ImageOps

    return ImageOps.exif_transpose(Image.open(buffer))


def test_transparency_becomes_white(tmp_path):
    values = np.zeros((4, 4, 4), np.uint8)
    values[:2, :, 3] = 255
    picture = load_image(saved(tmp_path / "a.png", values))
    assert (picture[:2] == 0).all()
    assert (picture[2:] == 255).all()


def test_a_transparent_colour_of_a_palette_becomes_white(tmp_path):
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 200, 0, 0])
    image.putpixel((0, 0), 0)
    image.save(tmp_path / "a.gif", transparency=0)
    picture = load_image(tmp_path / "a.gif")
    assert picture[0, 0].tolist() == [255, 255, 255]
    assert picture[3, 3].tolist() == [200, 0, 0]


@pytest.mark.parametrize("background", ["#ff0000", "#000000", "#2080a0"])
@pytest.mark.parametrize("kind", KINDS)
def test_transparency_becomes_the_background_exactly(tmp_path, kind, background):
    path = save_transparent(kind, tmp_path)
    picture = load_image(path, background=background)
    assert {tuple(colour) for colour in picture[4:].reshape(-1, 3).tolist()} == {ImageColor.getrgb(background)}
    assert (picture[:4] == load_image(path)[:4]).all()
    assert (load_square(path, 8, "crop", background=background) == picture).all()


def test_what_is_half_transparent_is_mixed_with_the_background(tmp_path):
    values = np.full((4, 4, 4), (0, 0, 200, 102), np.uint8)
    picture = load_image(saved(tmp_path / "a.png", values), background="#ff0000")
    assert picture[0, 0].tolist() == [153, 0, 80]


def test_half_transparent_colours_of_a_profile_stay_what_they_were_on_white(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (16, 16, 4), np.uint8)
    on_white = Image.alpha_composite(Image.new("RGBA", (16, 16), "white"), Image.fromarray(values)).convert("RGB")
    wide = ImageCms.ImageCmsProfile(io.BytesIO(wide_profile()))
    expected = np.asarray(ImageCms.profileToProfile(on_white, wide, ImageCms.createProfile("sRGB")), int)
    picture = load_image(saved(tmp_path / "a.png", values, icc_profile=wide_profile()))
    assert np.abs(picture - expected).mean() < 1  # Pillow's two ways to lay one on the other differ by rounding


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "tiff", "webp"])
def test_opaque_images_have_no_background(tmp_path, suffix):
    path = saved(tmp_path / f"a.{suffix}", photograph(40, 50))
    assert (load_image(path, background="#00ff00") == load_image(path)).all()


@pytest.mark.parametrize(("high", "expected"), [(65535, 255), (4095, 255), (200, 200)])
def test_sixteen_bits_become_eight_by_the_depth_that_was_used(tmp_path, high, expected):
    values = np.full((8, 8), high, np.uint16)
    values[0] = 0
    picture = load_image(saved(tmp_path / "a.png", values))
    assert picture[0].max() == 0
    assert picture[7].tolist() == [[expected] * 3] * 8


@pytest.mark.parametrize(("low", "high", "expected"), [(0, 1, 255), (0, 200, 200), (-5, 5000, 255)])
def test_floats_become_eight_bits(tmp_path, low, high, expected):
    values = np.full((8, 8), high, np.float32)
    values[0] = low
    picture = load_image(saved(tmp_path / "a.tiff", values))
    assert picture[0].max() == 0
    assert (picture[7] == expected).all()


def test_floats_that_are_no_numbers_become_black(tmp_path):
    values = np.full((4, 4), 1, np.float32)
    values[0, 0] = np.nan
    assert load_image(saved(tmp_path / "a.tiff", values))[0, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("outlier", [4096, 65535])
def test_a_hot_pixel_leaves_the_others_as_they_are(tmp_path, outlier):
    values = np.random.default_rng(0).integers(600, 4000, (64, 64), np.uint16)
    usual = load_image(saved(tmp_path / "a.png", values))
    values[5, 7] = outlier
    hot = load_image(saved(tmp_path / "b.png", values))
    assert hot[5, 7].tolist() == [255] * 3
    assert (hot != usual).any(axis=2).sum() == 1


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ({}, None),
        ({0: 9}, None),
        ({0: 9, 8: 1}, 8),
        ({8: 50, 12: 2, 0: 3}, 12),
        ({8: 1, 12: 200, 16: 2}, 12),  # one in a hundred may be clipped
        ({8: 1, 12: 90, 16: 2}, 16),
        ({12: 9, None: 1}, None),  # from a version that did not measure it
    ],
)
def test_the_depth_of_a_set_holds_all_but_one_image_in_a_hundred(images, expected):
    assert common_bit_depth(images) == expected


@pytest.mark.parametrize(("bit_depth", "dark"), [(None, 200), (8, 200), (12, 12), (16, 1)])
def test_a_dark_image_is_read_at_the_depth_of_its_set(tmp_path, bit_depth, dark):
    path = saved(tmp_path / "a.png", np.full((8, 8), 200, np.uint16))
    assert load_image(path, bit_depth=bit_depth)[0, 0, 0] == dark
    assert load_square(path, 4, "crop", bit_depth=bit_depth)[0, 0, 0] == dark


def test_values_beyond_the_depth_of_the_set_are_white(tmp_path):
    path = saved(tmp_path / "a.png", np.full((8, 8), 9000, np.uint16))
    assert load_image(path, bit_depth=12)[0, 0, 0] == 255


@pytest.mark.parametrize("values", [np.full((8, 8), 200, np.uint8), np.linspace(-5, 90, 64, dtype=np.float32)])
def test_a_depth_changes_no_ordinary_image_and_no_floats(tmp_path, values):
    path = saved(tmp_path / "a.tiff", values.reshape(8, 8))
    assert (load_image(path, bit_depth=16) == load_image(path)).all()


def test_working_copies_of_another_depth_are_others():
    names = {TrainingSquares(32, bit_depth=depth).namespace for depth in (None, 8, 12, 16)}
    assert len(names) == 4
    assert TrainingSquares(32).namespace == "pixels-v2-crop-32"


def test_a_hot_pixel_of_floats_leaves_the_others_as_they_are(tmp_path):
    values = np.random.default_rng(0).uniform(0, 1, (64, 64)).astype(np.float32)
    usual = load_image(saved(tmp_path / "a.tiff", values))
    values[5, 7] = 1e30
    assert (load_image(saved(tmp_path / "b.tiff", values)) != usual).any(axis=2).sum() <= 1


def test_zero_is_white_in_a_tiff_that_says_so(tmp_path):
    values = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(16, 16)
    (tmp_path / "black.tif").write_bytes(tiff(values))
    (tmp_path / "white.tif").write_bytes(tiff(values, {262: 0}))
    assert (load_image(tmp_path / "white.tif") == 255 - load_image(tmp_path / "black.tif")).all()


@pytest.mark.data
def test_the_sample_data_of_misread_pixels(sample_data):
    folder = sample_data / "cases" / "pixels-read-wrongly"
    assert (load_image(folder / "miniswhite16.tif") == load_image(folder / "miniswhite8.tif")).all()
    assert (load_image(folder / "hot_pixel_4095.tif") == load_image(folder / "hot_pixel_4096.tif")).all()


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("cut", [1, 2])
def test_a_jpeg_without_its_last_bytes_is_whole(tmp_path, cut, progressive):
    path = saved(tmp_path / "a.jpg", photograph(900, 1200), progressive=progressive)
    whole, square = load_image(path), load_square(path, 64, "crop")
    path.write_bytes(path.read_bytes()[:-cut])
    assert (load_image(path) == whole).all()
    assert (load_square(path, 64, "crop") == square).all()


def test_a_jpeg_that_lacks_a_few_blocks_is_whole(tmp_path):
    path = saved(tmp_path / "a.jpg", photograph(900, 1200))
    whole = load_image(path)
    path.write_bytes(path.read_bytes()[:-12])
    assert (load_image(path) != whole).any(axis=2).mean() < 0.001


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lacks_a_part_is_refused(tmp_path, progressive):
    path = saved(tmp_path / "a.jpg", photograph(900, 1200), progressive=progressive)
    data = path.read_bytes()
    path.write_bytes(data[: -len(data) // 20])
    with pytest.raises(ImageError, match=re.escape(rejection_messages.TRUNCATED)):
        load_image(path)


def test_cmyk_becomes_rgb(tmp_path):
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.jpg")
    red, green, blue = load_image(tmp_path / "a.jpg")[4, 4]
    assert red > 200
    assert max(green, blue) < 60


def test_lab_becomes_rgb(tmp_path):
    colour = Image.new("RGB", (8, 8), (200, 60, 30))
    lab = ImageCms.createProfile("LAB")
    ImageCms.profileToProfile(colour, ImageCms.createProfile("sRGB"), lab, outputMode="LAB").save(tmp_path / "a.tiff")
    assert np.abs(load_image(tmp_path / "a.tiff")[4, 4].astype(int) - [200, 60, 30]).max() <= 3


def test_a_colour_profile_is_converted_to_srgb(tmp_path):
    swapped = _profile_with_swapped_primaries()
    path = saved(tmp_path / "a.png", np.full((8, 8, 3), (220, 20, 20), np.uint8), icc_profile=swapped)
    red, green, _ = load_image(path)[4, 4].astype(int)
    assert green - red > 100


def test_a_broken_colour_profile_is_ignored(tmp_path):
    path = saved(tmp_path / "a.png", np.full((8, 8, 3), (220, 20, 20), np.uint8), icc_profile=b"no profile")
    assert load_image(path)[4, 4].tolist() == [220, 20, 20]


def _profile_with_swapped_primaries():
    """SRGB whose red and green primaries are exchanged."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    entries = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * data[131], 12)}
    red, green = entries[b"rXYZ"], entries[b"gXYZ"]
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(data).replace(b"s\0R\0G\0B", b"t\0e\0s\0t").replace(b"sRGB", b"test")


@pytest.mark.parametrize("suffix", ["webp", "bmp", "tiff", "avif", "heic", "jp2", "ppm"])
def test_common_formats_are_read(tmp_path, suffix):
    pillow_heif.register_heif_opener()
    values = np.kron(QUARTERS, np.ones((32, 32, 1), np.uint8))
    path = saved(tmp_path / f"a.{suffix}", values)
    assert np.abs(load_image(path).astype(int) - values).mean() < 6


@pytest.mark.data
def test_no_messy_file_raises_anything_but_an_image_error(sample_data):
    read = []
    for path in sorted((sample_data / "messy").iterdir()):
        try:
            read.append(load_square(path, 64, "crop", path.name).shape)
        except ImageError:
            continue
    assert read == [(64, 64, 3)] * 45


@pytest.fixture
def originals(tmp_path):
    return OriginalStore(tmp_path / "originals", tmp_path / "thumbnails")


def stored(originals, tmp_path, n):
    digests = []
    for seed in range(n):
        path = saved(tmp_path / "new.png", photograph(40, 60, seed))
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
        originals.put_file(path, digests[-1])
    return digests


def test_a_source_gives_every_square_in_order(originals, tmp_path):
    digests = stored(originals, tmp_path, 11)
    source = PixelSource(digests, originals, TrainingSquares(32))
    batches = list(source.batches(4))
    assert [len(batch) for batch in batches] == [4, 4, 3]
    expected = np.stack([load_square(originals.path(digest), 32, "crop") for digest in digests])
    assert (np.concatenate(batches) == expected).all()


def test_a_source_gives_the_rows_it_is_asked_for(originals, tmp_path):
    digests = stored(originals, tmp_path, 5)
    (batch,) = PixelSource(digests, originals, TrainingSquares(32)).batches(8, rows=[3, 1, 3])
    assert (batch[0] == load_square(originals.path(digests[3]), 32, "crop")).all()
    assert (batch[0] == batch[2]).all()


def test_a_second_pass_decodes_nothing(originals, tmp_path):
    digests = stored(originals, tmp_path, 6)
    arrays = ArrayStore(tmp_path / "arrays", limit_bytes=2**24)
    first = np.concatenate(list(PixelSource(digests, originals, TrainingSquares(32), arrays=arrays).batches(4)))
    for digest in digests:
        originals.remove(digest)
    second = np.concatenate(list(PixelSource(digests, originals, TrainingSquares(32), arrays=arrays).batches(4)))
    assert (first == second).all()


def test_working_copies_of_another_way_to_resize_are_others(originals, tmp_path):
    digests = stored(originals, tmp_path, 1)
    arrays = ArrayStore(tmp_path / "arrays", limit_bytes=2**24)
    squares = [next(PixelSource(digests, originals, TrainingSquares(32, r), arrays=arrays).batches(1)) for r in RESIZES]
    assert len({square.tobytes() for square in squares}) == len(RESIZES)


def test_a_format_that_only_the_name_tells_is_read_by_the_name_of_the_file_too(tmp_path):
    Image.new("RGB", (9, 7), (10, 20, 30)).save(tmp_path / "picture.tga")
    assert load_image(tmp_path / "picture.tga").shape == (7, 9, 3)


def test_working_copies_on_another_background_are_others(originals, tmp_path):
    path = save_transparent("png of RGB and alpha", tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    originals.put_file(path, digest)
    arrays = ArrayStore(tmp_path / "arrays", limit_bytes=2**24)
    for background in ("#ffffff", "#2080a0", "#ffffff"):
        (square,) = next(
            PixelSource([digest], originals, TrainingSquares(32, background=background), arrays=arrays).batches(1)
        )
        assert tuple(square[-1, 0].tolist()) == ImageColor.getrgb(background)
    # The first name is older than the choice: what was kept under it stays valid.
    assert {folder.name for folder in arrays.folder.glob("pixels-*")} == {
        "pixels-v2-crop-32",
        "pixels-v2-crop-32-2080a0",
    }


def test_more_than_the_cache_holds_is_not_kept(originals, tmp_path):
    digests = stored(originals, tmp_path, 6)
    arrays = ArrayStore(tmp_path / "arrays", limit_bytes=4 * 32 * 32 * 3)
    assert (
        sum(len(batch) for batch in PixelSource(digests, originals, TrainingSquares(32), arrays=arrays).batches(4)) == 6
    )
    assert arrays.used_bytes() == 0


def test_a_consumer_that_stops_leaves_what_was_decoded(originals, tmp_path):
    digests = stored(originals, tmp_path, 6)
    arrays = ArrayStore(tmp_path / "arrays", limit_bytes=2**24)
    batches = PixelSource(digests, originals, TrainingSquares(32), arrays=arrays).batches(2)
    next(batches)
    batches.close()
    assert arrays.used_bytes() > 0


def test_an_image_that_is_gone_is_named(originals, tmp_path):
    digests = stored(originals, tmp_path, 3)
    originals.remove(digests[1])
    source = PixelSource(digests, originals, TrainingSquares(32), names=["a.png", "b.png", "c.png"])
    with pytest.raises(ImageError, match=r"b\.png cannot be used any more\. Its file cannot be read\."):
        list(source.batches(2))


def test_an_image_that_was_damaged_is_named(originals, tmp_path):
    (digest,) = stored(originals, tmp_path, 1)
    originals.path(digest).write_bytes(originals.path(digest).read_bytes()[:200])
    with pytest.raises(ImageError, match=r"bird\.png cannot be used any more\. The image is"):
        list(PixelSource([digest], originals, TrainingSquares(32), names=["bird.png"]).batches(1))


@pytest.mark.data
def test_photographs_of_a_set_equal_the_exported_graphs(sample_data, tmp_path, monkeypatch):
    monkeypatch.setattr(pixels, "DRAFT_MARGIN", 1000)
    means = []
    with zipfile.ZipFile(sample_data / "sets" / "hymenoptera.zip") as archive:
        for name in [name for name in archive.namelist() if name.endswith(".jpg")][:8]:
            (tmp_path / "a.jpg").write_bytes(archive.read(name))
            square = load_square(tmp_path / "a.jpg", 224, "crop")
            means.append(np.abs(square - in_keras(load_image(tmp_path / "a.jpg"), 224, "crop")).mean())
    assert max(means) < 0.25
