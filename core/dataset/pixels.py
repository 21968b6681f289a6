"""Original files -> the pixels that networks are fed.

Two ways, by the same rules of colour and rotation (`core.intake.decode_rgb`): the full picture, as the exported model
gets it, and a square for training, for which JPEGs are decoded at a fraction of their size where that is enough.
"""

import math
import os
from collections import deque
from collections.abc import Iterator, Sequence
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

# Part of every working copy's address: another number whenever other pixels come out.
VERSION: Final = 1
# A JPEG is decoded at 1/2, 1/4 or 1/8 only if the result is still this many times as large as the square. Measured:
# photographs of 130 to 800 pixels at 96: with 2 a pixel moves by 0.2 levels on average, with 1 by 2; 12 megapixels
# at 224 take 34 ms with 2, 27 with 1, 125 in full.
DRAFT_MARGIN: Final = 2.0
# A longer picture is made smaller before it is padded: the square around a strip of 30,000 pixels would take 2.7 GB.
PAD_SIDE: Final = 8192
# Batches that are decoded while the consumer works on one.
AHEAD: Final = 3

Batch = NDArray[np.uint8]


class Preprocessor(Protocol):
    """A way from a file to the square that a network is fed."""

    @property
    def size(self) -> int:
        """Side of the square in pixels."""

    @property
    def address(self) -> str:
        """A plain file name that is another one whenever other pixels come out."""

    def square(self, path: Path, name: str) -> NDArray[np.uint8]:
        """(size, size, 3) uint8 of a file, which a person knows by a name.

        Raises:
            ImageError: The file is gone or cannot be decoded.
        """


def load_upright(path: Path, name: str = "", background: str = WHITE) -> NDArray[np.uint8]:
    """Decode a picture at its full size: what the exported model is fed.

    Args:
        path: The original file.
        name: The name a person knows it by, for the error; default: the file's.
        background: What transparent places are laid on, `#rrggbb`.

    Returns:
        (height, width, 3) uint8 sRGB, upright.

    Raises:
        ImageError: The file is gone or cannot be decoded.
    """
    return np.asarray(_decode(path, name, background, None))


def load_square(path: Path, size: int, resize: Resize, name: str = "", background: str = WHITE) -> NDArray[np.uint8]:
    """Decode a picture as a square for training.

    Where the JPEG is not decoded at a fraction of its size, the result equals
    `keras.layers.Resizing(size, size, antialias=True)` on the full picture up to rounding.

    Args:
        path: The original file.
        size: Side of the square in pixels.
        resize: `crop` the middle, `pad` with black, or `stretch`.
        name: The name a person knows it by, for the error; default: the file's.
        background: What transparent places are laid on, `#rrggbb`.

    Returns:
        (size, size, 3) uint8 sRGB, upright.

    Raises:
        ImageError: The file is gone or cannot be decoded.
    """
    picture = _decode(path, name, background, (size, resize))
    if resize == "crop":
        picture = _crop(picture)
    elif resize == "pad":
        picture = _pad(picture)
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR))


def _decode(path: Path, name: str, background: str, square: tuple[int, Resize] | None) -> Image.Image:
    name = name or path.name
    try:
        with open_image(path, Path(name).suffix.lower()) as image:
            if square is not None:
                _draft(image, *square)
            return decode_rgb(image, background=background)
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
    """Black bars of equal width on both sides, as Keras adds them: where the difference is odd, one pixel less."""
    if max(picture.size) > PAD_SIDE:
        picture = picture.copy()
        picture.thumbnail((PAD_SIDE, PAD_SIDE), Image.Resampling.BILINEAR)
    side = max(picture.size)
    left, top = (side - picture.width) // 2, (side - picture.height) // 2
    padded = Image.new("RGB", (picture.width + 2 * left, picture.height + 2 * top))
    padded.paste(picture, (left, top))
    return padded


def background_suffix(background: str) -> str:
    """A part of an address for a background; empty for white, the usual one."""
    return "" if background == WHITE else f"-{background.removeprefix('#')}"


class TrainingSquares(NamedTuple):
    """The squares that networks are trained on; a `Preprocessor`.

    Attributes:
        size: Side of the square in pixels.
        resize: `crop`, `pad` or `stretch`, as in `load_square`.
        background: What transparent places are laid on, `#rrggbb`.
    """

    size: int
    resize: Resize = "crop"
    background: str = WHITE

    @property
    def address(self) -> str:
        """Where working copies are kept; those on white stay where they were before a background could be chosen."""
        return f"pixels-v{VERSION}-{self.resize}-{self.size}{background_suffix(self.background)}"

    def square(self, path: Path, name: str) -> NDArray[np.uint8]:
        """Decode a picture, as `load_square` does."""
        return load_square(path, self.size, self.resize, name, self.background)


class PixelSource:
    """The squares of many images, in batches: from working copies where there are some, decoded in threads where not.

    What is decoded is kept as working copies, unless all of them together are more than the cache may hold.

    Args:
        digests: (n,) digest of each image.
        originals: Where the files lie.
        squaring: How a file becomes a square.
        arrays: Where working copies are kept; None keeps none.
        names: (n,) names a person knows, for errors; empty where there are none.
        threads: Decoding threads; default: one a core.
    """

    def __init__(
        self,
        digests: Sequence[str],
        originals: OriginalStore,
        squaring: Preprocessor,
        *,
        arrays: ArrayStore | None = None,
        names: Sequence[str] = (),
        threads: int | None = None,
    ) -> None:
        self.digests = digests
        self.shape = (squaring.size, squaring.size, 3)
        self._originals = originals
        self._squaring = squaring
        self._names = names
        self._threads = threads or os.cpu_count() or 1
        self._kept: ArrayRows | None = None
        if arrays is not None and arrays.fits(len(digests) * math.prod(self.shape)):
            self._kept = arrays.open(squaring.address)

    def __len__(self) -> int:
        return len(self.digests)

    def batches(self, batch_size: int, rows: Sequence[int] | NDArray[np.int64] | None = None) -> Iterator[Batch]:
        """Read squares, a few batches ahead of the consumer.

        Args:
            batch_size: Images a batch; the last one may have fewer.
            rows: Which images, in which order; default: all.

        Yields:
            (batch, size, size, 3) uint8.

        Raises:
            ImageError: An image is gone or cannot be decoded any more; names it.
            WorkspaceError: Working copies cannot be written.
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
            if self._kept is not None:
                self._kept.flush()

    def _start(self, pool: ThreadPoolExecutor, rows: NDArray[np.int64]) -> "_Started":
        batch: Batch = np.empty((len(rows), *self.shape), np.uint8)
        keys = [self.digests[row] for row in rows]
        missing = np.ones(len(rows), bool)
        if self._kept is not None:
            there, squares = self._kept.get(keys)
            if there.any():
                batch[there] = squares
            missing = ~there
        decoding = {int(at): pool.submit(self._decode, int(rows[at])) for at in np.flatnonzero(missing)}
        return _Started(keys, batch, decoding)

    def _finish(self, started: "_Started") -> Batch:
        for at, square in started.decoding.items():
            started.batch[at] = square.result()
        if self._kept is not None and started.decoding:
            decoded = list(started.decoding)
            self._kept.append([started.keys[at] for at in decoded], started.batch[decoded])
        return started.batch

    def _decode(self, row: int) -> NDArray[np.uint8]:
        digest = self.digests[row]
        name = self._names[row] if len(self._names) else ""
        return self._squaring.square(self._originals.path(digest), name)


class _Started(NamedTuple):
    keys: list[str]
    batch: Batch
    decoding: dict[int, "Future[NDArray[np.uint8]]"]
