"""Original files -> the input pixels of networks.

There are two inputs, with the same rules for colour and rotation (`core.intake.decode_rgb`): the full-size image for
the exported model, and a square for training, for which a JPEG is decoded at a fraction of its size if that suffices.
"""

import math
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import ImageError
from core.intake.decode_rgb import WHITE, decode_rgb, open_image
from core.storage.arrays import ArrayRows, ArrayStore
from core.storage.blobs import OriginalStore

Resize = Literal["crop", "pad", "stretch"]

# Part of the namespace of working copies; increased whenever the pixels change.
VERSION: Final = 2
# A JPEG is decoded at 1/2, 1/4 or 1/8 only if the result is still this many times as large as the square. Measured on
# photographs of 130 to 800 pixels at 96: a pixel changes by 0.2 levels on average with 2, by 2 levels with 1.
# 12 megapixels at 224 take 34 ms with 2, 27 ms with 1, 125 ms in full.
DRAFT_MARGIN: Final = 2.0
# A longer image is scaled down before padding: the square around a strip of 30,000 pixels would take 2.7 GB.
PAD_SIDE: Final = 8192
# Share of the deep images of a set that may need more bits than the set is given: they are clipped.
DEEPER_IMAGES: Final = 0.01
# Batches decoded in advance while the consumer works on one.
AHEAD: Final = 3

Batch = NDArray[np.uint8]


class Preprocessor(Protocol):
    """Turns a file into the square input of a network."""

    @property
    def size(self) -> int:
        """Side of the square in pixels."""

    @property
    def namespace(self) -> str:
        """Namespace of the working copies: a plain file name that changes whenever the pixels change."""

    def square(self, path: Path, name: str) -> NDArray[np.uint8]:
        """Return (size, size, 3) uint8 of a file, which the person knows by a name.

        Raises:
            ImageError: The file is missing or cannot be decoded.
        """


def common_bit_depth(images: Mapping[int | None, int]) -> int | None:
    """Give the bit depth at which all images of a set are read, so that none is 16 times darker than its neighbours.

    It is the smallest depth that holds all deep images but one in a hundred: one image with many hot pixels must not
    make all others dark.

    Args:
        images: Number of images by the bits that they need: 8, 12 or 16; 0 for ordinary images, and None for images
            whose bits were never measured.

    Returns:
        8, 12 or 16; None if there are no deep images or not all are known, and each image is read by itself.
    """
    deep = {depth: count for depth, count in images.items() if depth}
    if not deep or images.get(None):
        return None
    allowed = DEEPER_IMAGES * sum(deep.values())
    return next(
        depth for depth in sorted(deep) if sum(count for other, count in deep.items() if other > depth) <= allowed
    )


def load_image(path: Path, name: str = "", background: str = WHITE, bit_depth: int | None = None) -> NDArray[np.uint8]:
    """Decode an image at its full size: the input of the exported model.

    Args:
        path: The original file.
        name: The name that the person knows, for errors; default: the file's.
        background: Colour behind transparent pixels, `#rrggbb`.
        bit_depth: Bits of integers of more than 8 bits, from `common_bit_depth`; None to choose them for this image.

    Returns:
        (height, width, 3) uint8 sRGB, upright.

    Raises:
        ImageError: The file is missing or cannot be decoded.
    """
    return np.asarray(_decode(path, name, background, bit_depth, None))


def load_square(
    path: Path, size: int, resize: Resize, name: str = "", background: str = WHITE, bit_depth: int | None = None
) -> NDArray[np.uint8]:
    """Decode an image as a square for training.

    Unless a JPEG is decoded at a fraction of its size, the result equals
    `keras.layers.Resizing(size, size, antialias=True)` on the full-size image up to rounding.

    Args:
        path: The original file.
        size: Side of the square in pixels.
        resize: `crop` the middle, `pad` with black, or `stretch`.
        name: The name that the person knows, for errors; default: the file's.
        background: Colour behind transparent pixels, `#rrggbb`.
        bit_depth: Bits of integers of more than 8 bits, from `common_bit_depth`; None to choose them for this image.

    Returns:
        (size, size, 3) uint8 sRGB, upright.

    Raises:
        ImageError: The file is missing or cannot be decoded.
    """
    return to_square(_decode(path, name, background, bit_depth, (size, resize)), size, resize)


def to_square(picture: Image.Image, size: int, resize: Resize) -> NDArray[np.uint8]:
    """Return (size, size, 3) uint8 of a decoded RGB image; the arguments are those of `load_square`."""
    if resize == "crop":
        picture = _crop(picture)
    elif resize == "pad":
        picture = _pad(picture)
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR))


def _decode(
    path: Path, name: str, background: str, bit_depth: int | None, square: tuple[int, Resize] | None
) -> Image.Image:
    name = name or path.name
    try:
        with open_image(path, Path(name).suffix.lower()) as image:
            if square is not None:
                _draft(image, *square)
            return decode_rgb(image, background=background, bit_depth=bit_depth)
    except ImageError as error:
        raise ImageError(f"{name} cannot be used any more.", error.sentence) from error
    except OSError as error:
        raise ImageError(f"{name} cannot be used any more.", "Its file cannot be read.") from error


def _draft(image: Image.Image, size: int, resize: Resize) -> None:
    side = max(image.size) if resize == "pad" else min(image.size)
    factor = size * DRAFT_MARGIN / side
    if factor < 1:
        image.draft(None, (int(np.ceil(image.width * factor)), int(np.ceil(image.height * factor))))


def _crop(picture: Image.Image) -> Image.Image:
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def _pad(picture: Image.Image) -> Image.Image:
    """Add black bars of equal width on both sides; as in Keras, an odd difference leaves out one pixel."""
    if max(picture.size) > PAD_SIDE:
        picture = picture.copy()
        picture.thumbnail((PAD_SIDE, PAD_SIDE), Image.Resampling.BILINEAR)
    side = max(picture.size)
    left, top = (side - picture.width) // 2, (side - picture.height) // 2
    padded = Image.new("RGB", (picture.width + 2 * left, picture.height + 2 * top))
    padded.paste(picture, (left, top))
    return padded


def decoding_suffix(background: str, bit_depth: int | None) -> str:
    """Part of a namespace for choices of decoding; empty for the defaults, which versions without a choice had."""
    colour = "" if background == WHITE else f"-{background.removeprefix('#')}"
    return colour if bit_depth is None else f"{colour}-{bit_depth}bit"


class TrainingSquares(NamedTuple):
    """The preprocessor of trainings.

    Attributes:
        size: Side of the square in pixels.
        resize: `crop`, `pad` or `stretch`, as in `load_square`.
        background: Colour behind transparent pixels, `#rrggbb`.
        bit_depth: Bits of integers of more than 8 bits; None to choose them for each image.
    """

    size: int
    resize: Resize = "crop"
    background: str = WHITE
    bit_depth: int | None = None

    @property
    def namespace(self) -> str:
        """Namespace of the working copies."""
        return f"pixels-v{VERSION}-{self.resize}-{self.size}{decoding_suffix(self.background, self.bit_depth)}"

    def square(self, path: Path, name: str) -> NDArray[np.uint8]:
        """Decode an image as `load_square` does."""
        return load_square(path, self.size, self.resize, name, self.background, self.bit_depth)


class PixelSource:
    """The squares of many images, in batches: read from working copies, or decoded in threads.

    Decoded squares are stored as working copies, unless all of them together exceed the cache.

    Args:
        digests: (n,) digest of each image.
        originals: Where the files are.
        preprocessor: How a file becomes a square.
        arrays: Where working copies are stored; None stores none.
        names: (n,) names that the person knows, for errors; may be empty.
        threads: Number of decoding threads; default: one for each core.
    """

    def __init__(
        self,
        digests: Sequence[str],
        originals: OriginalStore,
        preprocessor: Preprocessor,
        *,
        arrays: ArrayStore | None = None,
        names: Sequence[str] = (),
        threads: int | None = None,
    ) -> None:
        self.digests = digests
        self.shape = (preprocessor.size, preprocessor.size, 3)
        self._originals = originals
        self._preprocessor = preprocessor
        self._names = names
        self._threads = threads or os.cpu_count() or 1
        self._working_copies: ArrayRows | None = None
        if arrays is not None and arrays.fits(len(digests) * math.prod(self.shape)):
            self._working_copies = arrays.open(preprocessor.namespace)

    def __len__(self) -> int:
        return len(self.digests)

    def batches(self, batch_size: int, rows: Sequence[int] | NDArray[np.int64] | None = None) -> Iterator[Batch]:
        """Yield squares; a few batches are decoded in advance.

        Args:
            batch_size: Images in each batch; the last one may have fewer.
            rows: Rows of the images, in the order wanted; default: all.

        Yields:
            (batch, size, size, 3) uint8.

        Raises:
            ImageError: An image is missing or cannot be decoded; the sentence names it.
            WorkspaceError: A working copy cannot be written.
        """
        order = np.arange(len(self)) if rows is None else np.asarray(rows, np.int64)
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="pixels")
        started: deque[_Started] = deque()
        try:
            for at in range(0, len(order), batch_size):
                started.append(self._start(pool, order[at : at + batch_size]))
                if len(started) > AHEAD:
                    yield self._finish(started.popleft())
            while started:
                yield self._finish(started.popleft())
        finally:
            pool.shutdown(cancel_futures=True)
            if self._working_copies is not None:
                self._working_copies.flush()

    def _start(self, pool: ThreadPoolExecutor, rows: NDArray[np.int64]) -> "_Started":
        batch: Batch = np.empty((len(rows), *self.shape), np.uint8)
        keys = [self.digests[row] for row in rows]
        missing = np.ones(len(rows), bool)
        if self._working_copies is not None:
            present, squares = self._working_copies.get(keys)
            if present.any():
                batch[present] = squares
            missing = ~present
        decoding = {int(at): pool.submit(self._decode, int(rows[at])) for at in np.flatnonzero(missing)}
        return _Started(keys, batch, decoding)

    def _finish(self, started: "_Started") -> Batch:
        for at, square in started.decoding.items():
            started.batch[at] = square.result()
        if self._working_copies is not None and started.decoding:
            decoded = list(started.decoding)
            self._working_copies.append([started.keys[at] for at in decoded], started.batch[decoded])
        return started.batch

    def _decode(self, row: int) -> NDArray[np.uint8]:
        digest = self.digests[row]
        name = self._names[row] if len(self._names) else ""
        return self._preprocessor.square(self._originals.path(digest), name)


class _Started(NamedTuple):
    keys: list[str]
    batch: Batch
    decoding: dict[int, "Future[NDArray[np.uint8]]"]
