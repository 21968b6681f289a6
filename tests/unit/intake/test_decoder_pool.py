"""A hang, a crash or excessive memory use affects one image alone; statistics are correct."""

import contextlib
import io
import os
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pillow_heif
import psutil
import pytest
from intake_files import large_png, picture, png_that_says
from PIL import Image, ImageFilter

from core.errors import ImageError, WorkerDiedError
from core.intake import rejection_messages
from core.intake.decoder_pool import DecoderPool
from core.intake.results import Limits

MB = 1000**2


@pytest.fixture(scope="module")
def decoders():
    with DecoderPool(Limits(decoders=2)) as started:
        yield started


@pytest.fixture
def children():
    """Gives the child processes that were started within the test."""
    before = set(psutil.Process().children())
    return lambda: [child for child in psutil.Process().children() if child not in before]


def written(path, data):
    path.write_bytes(data)
    return path


def size_of(jpeg):
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        return image.size


def reason_of(decoders, path, suffix=""):
    with pytest.raises(ImageError) as error:
        decoders.inspect(path, suffix)
    return error.value.sentence


def test_size_format_and_thumbnail_of_an_image(decoders, tmp_path):
    found = decoders.inspect(written(tmp_path / "a", picture(size=(600, 300), suffix="jpg")))
    assert (found.width, found.height, found.format) == (600, 300, "JPEG")
    assert size_of(found.thumbnail) == (256, 128)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff"])
@pytest.mark.parametrize("size", [(300, 200), (4000, 3000)])
def test_the_size_of_an_image_on_its_side_is_upright(decoders, tmp_path, suffix, size):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / f"a.{suffix}"
    Image.new("RGB", size, "red").save(path, exif=exif)
    found = decoders.inspect(path)
    assert (found.width, found.height) == size[::-1]
    assert size_of(found.thumbnail)[1] == 256


@pytest.mark.parametrize(
    ("data", "suffix", "reason"),
    [
        (b"", ".jpg", rejection_messages.EMPTY),
        (b"just words", ".jpg", rejection_messages.NOT_AN_IMAGE),
        (picture()[:40], ".png", rejection_messages.NOT_AN_IMAGE),
        (png_that_says(0, 5), ".png", rejection_messages.NOT_AN_IMAGE),
        (b"%PDF-1.7 ...", ".jpg", rejection_messages.UNSUPPORTED_FORMAT.format(kind="a PDF document")),
        (b'<?xml version="1.0"?><svg>', ".svg", rejection_messages.UNSUPPORTED_FORMAT.format(kind="an SVG drawing")),
        (b"\xff\x0a\xfa\x1f", ".jxl", rejection_messages.UNSUPPORTED_FORMAT.format(kind="a JPEG XL image")),
        (b"\0\0\0\x18ftypisom\0\0\0\0", ".mp4", rejection_messages.UNSUPPORTED_FORMAT.format(kind="a video")),
        (b"II*\0 raw", ".dng", rejection_messages.UNSUPPORTED_FORMAT.format(kind="a camera's raw file")),
        (picture(suffix="jpg", size=(300, 300))[:9000], ".jpg", rejection_messages.TRUNCATED),
        (picture(suffix="jpg", size=(2400, 2400))[:-30_000], ".jpg", rejection_messages.TRUNCATED),
        (picture(suffix="jpg", size=(2400, 2400), progressive=True)[:-30_000], ".jpg", rejection_messages.TRUNCATED),
        (png_that_says(30_000, 30_000), ".png", rejection_messages.TOO_MANY_PIXELS),
        (png_that_says(10_000, 10_000), ".png", rejection_messages.TOO_MANY_PIXELS),
        (png_that_says(100, 100, b"\x09" * 10_100), ".png", rejection_messages.DAMAGED),
    ],
)
def test_a_file_that_is_no_complete_image_is_rejected_with_its_reason(decoders, tmp_path, data, suffix, reason):
    assert reason_of(decoders, written(tmp_path / "a", data), suffix) == reason


@pytest.mark.parametrize("suffix", ["gif", "webp", "bmp", "tiff", "avif", "heif", "tga"])
def test_common_formats_are_decoded(decoders, tmp_path, suffix):
    pillow_heif.register_heif_opener()
    data = picture(suffix=suffix, size=(40, 30))
    found = decoders.inspect(written(tmp_path / "a", data), f".{suffix}")
    assert (found.width, found.height, found.format) == (40, 30, suffix.upper())


def gif_of_frames(frames):
    data = picture(suffix="gif", size=(40, 30))
    first = 13 + 3 * 2 ** ((data[10] & 7) + 1)  # behind the head and the palette
    return data[:first] + frames * data[first:-1] + b";"


def tiff_without_end():
    """A TIFF whose first page says that it is also the next one."""
    data = bytearray(picture(suffix="tiff", size=(40, 30)))
    (page,) = struct.unpack_from("<I", data, 4)
    (fields,) = struct.unpack_from("<H", data, page)
    struct.pack_into("<I", data, page + 2 + 12 * fields, page)
    return bytes(data)


def film(suffix, frames):
    out = io.BytesIO()
    pictures = [Image.new("RGB", (40, 30), (number % 256, 0, 0)) for number in range(frames)]
    pictures[0].save(out, suffix, save_all=True, append_images=pictures[1:])
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "format_"),
    [
        (gif_of_frames(50_000), "GIF"),
        (tiff_without_end(), "TIFF"),
        (film("tiff", 500), "TIFF"),
        (film("webp", 500), "WEBP"),
        (film("png", 500), "PNG"),
    ],
)
def test_frames_and_pages_beyond_the_first_cost_nothing(tmp_path, data, format_):
    with DecoderPool(Limits(decoders=1, seconds=5, memory_bytes=200 * MB)) as decoders:
        found = decoders.inspect(written(tmp_path / "a", data))
        assert (found.width, found.height, found.format) == (40, 30, format_)


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (1, 3000)])
def test_images_of_odd_sizes_are_measured(decoders, tmp_path, size):
    found = decoders.inspect(written(tmp_path / "a", picture(size=size)))
    assert (found.width, found.height) == size
    assert 0 <= found.statistics.brightness <= 1


def test_a_file_that_is_gone_is_rejected(decoders, tmp_path):
    assert reason_of(decoders, tmp_path / "gone") == rejection_messages.MAY_NOT_BE_READ


@pytest.mark.data
def test_a_run_length_compressed_bitmap_is_rejected(decoders, sample_data):
    kind = "a run-length compressed bitmap"
    assert reason_of(
        decoders, sample_data / "messy" / "bmp_b_badrle.bmp"
    ) == rejection_messages.UNSUPPORTED_FORMAT.format(kind=kind)


def test_an_image_that_takes_too_long_is_rejected_and_the_next_one_is_not(tmp_path):
    with DecoderPool(Limits(decoders=1, seconds=0.1)) as decoders:
        slow = written(tmp_path / "slow", large_png(80))
        assert reason_of(decoders, slow) == rejection_messages.TOO_SLOW.format(seconds=0.1)
        assert decoders.inspect(written(tmp_path / "a", picture())).format == "PNG"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe is what a decoder waits for here")
def test_a_decoder_that_waits_forever_is_ended(tmp_path, children):
    with DecoderPool(Limits(decoders=1, seconds=0.2)) as decoders:
        decoders.inspect(written(tmp_path / "a", picture()))
        (child,) = children()
        os.mkfifo(tmp_path / "pipe")
        began = time.monotonic()
        assert reason_of(decoders, tmp_path / "pipe") == rejection_messages.TOO_SLOW.format(seconds=0.2)
        assert time.monotonic() - began < 5
        assert not child.is_running()


def test_an_image_that_takes_too_much_memory_is_rejected_and_the_next_one_is_not(tmp_path):
    with DecoderPool(Limits(decoders=1, memory_bytes=40 * MB)) as decoders:
        assert reason_of(decoders, written(tmp_path / "large", large_png(80))) == rejection_messages.TOO_MUCH_MEMORY
        assert decoders.inspect(written(tmp_path / "a", picture())).format == "PNG"


def test_a_killed_decoder_loses_no_image(tmp_path, children):
    with DecoderPool(Limits(decoders=1)) as decoders:
        (child,) = children()
        child.kill()
        assert decoders.inspect(written(tmp_path / "a", picture())).format == "PNG"


def test_an_image_that_kills_its_decoder_twice_is_rejected_and_the_next_one_is_not(tmp_path, children):
    with DecoderPool(Limits(decoders=1)) as decoders:
        slow = written(tmp_path / "slow", large_png(80))
        enough = threading.Event()
        killer = threading.Thread(target=_kill_readers, args=(slow, children, enough))
        killer.start()
        try:
            assert reason_of(decoders, slow) == rejection_messages.CRASHED
        finally:
            enough.set()
            killer.join()
        assert decoders.inspect(written(tmp_path / "a", picture())).format == "PNG"


def _kill_readers(path, children, enough):
    while not enough.wait(0.01):
        for child in children():
            with contextlib.suppress(psutil.Error):
                if str(path) in [file.path for file in child.open_files()]:
                    child.kill()


def test_a_decoder_that_cannot_start_rejects_no_image(tmp_path, monkeypatch):
    monkeypatch.setattr("core.sandbox.ROOT", tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with DecoderPool(Limits(decoders=1)) as decoders, pytest.raises(WorkerDiedError) as error:
        decoders.inspect(written(tmp_path / "a", picture()))
    assert error.value.sentence == "The image decoder cannot be started."


def test_other_images_go_on_beside_a_slow_one(tmp_path):
    with DecoderPool(Limits(decoders=2)) as decoders, ThreadPoolExecutor(2) as threads:
        slow = threads.submit(decoders.inspect, written(tmp_path / "slow", large_png(80)))
        quick = [decoders.inspect(written(tmp_path / "a", picture())) for _ in range(5)]
        assert not slow.done() or len(quick) == 5
        assert slow.result().width == 8944


def test_no_decoder_is_left_behind(tmp_path, children):
    with DecoderPool(Limits(decoders=2)) as decoders:
        decoders.inspect(written(tmp_path / "a", picture()))
        started = children()
    assert len(started) == 2
    assert psutil.wait_procs(started, timeout=5)[1] == []


def test_brightness_and_contrast(decoders, tmp_path):
    halves = np.zeros((100, 100), np.uint8)
    halves[:, 50:] = 255
    Image.fromarray(halves).save(tmp_path / "a.png")
    statistics = decoders.inspect(tmp_path / "a.png").statistics
    assert statistics.brightness == pytest.approx(0.5, abs=0.01)
    assert statistics.contrast == pytest.approx(0.5, abs=0.01)


def test_a_blurred_picture_is_less_sharp(decoders, tmp_path):
    sharp = Image.fromarray(
        np.kron(np.random.default_rng(0).integers(0, 256, (25, 25)), np.ones((8, 8))).astype(np.uint8)
    )
    sharp.save(tmp_path / "sharp.png")
    sharp.filter(ImageFilter.GaussianBlur(4)).save(tmp_path / "blurred.png")
    statistics = [decoders.inspect(tmp_path / name).statistics for name in ("sharp.png", "blurred.png")]
    assert statistics[0].sharpness > 20 * statistics[1].sharpness


def test_a_copy_that_was_resized_and_recompressed_keeps_its_hash_nearly(decoders, tmp_path):
    smooth = Image.fromarray(np.random.default_rng(1).integers(0, 256, (8, 9), dtype=np.uint8)).resize((900, 800), 3)
    smooth.save(tmp_path / "a.png")
    smooth.resize((450, 400)).save(tmp_path / "b.jpg", quality=60)
    first, second = (int(decoders.inspect(tmp_path / name).statistics.dhash, 16) for name in ("a.png", "b.jpg"))
    assert (first ^ second).bit_count() <= 2


def test_the_hash_says_where_it_gets_darker(decoders, tmp_path):
    Image.fromarray(np.tile(np.linspace(255, 0, 90).astype(np.uint8), (80, 1))).save(tmp_path / "a.png")
    assert decoders.inspect(tmp_path / "a.png").statistics.dhash == "f" * 16


@pytest.mark.parametrize(("high", "expected"), [(200, 8), (4095, 12), (4096, 16), (65535, 16)])
def test_the_bits_that_an_image_needs(decoders, tmp_path, high, expected):
    Image.fromarray(np.full((16, 16), high, np.uint16)).save(tmp_path / "a.png")
    assert decoders.inspect(tmp_path / "a.png", ".png").statistics.bit_depth == expected


def test_an_ordinary_image_needs_no_choice_of_bits(decoders, tmp_path):
    Image.new("L", (16, 16), 200).save(tmp_path / "a.png")
    assert decoders.inspect(tmp_path / "a.png", ".png").statistics.bit_depth == 0
