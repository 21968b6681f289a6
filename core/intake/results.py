"""What taking in gives for each file, and how far it goes."""

import os
from dataclasses import dataclass, field
from typing import Final, Literal

Split = Literal["train", "validation", "test"]

MEGABYTE: Final = 1000**2
GIGABYTE: Final = 1000**3
MOST_DECODERS: Final = 8


@dataclass(frozen=True)
class ImageStatistics:
    """What is measured of a picture on a grey copy of at most 256 pixels a side.

    Attributes:
        brightness: Mean, from 0 (black) to 1 (white).
        contrast: Standard deviation, from 0 (one grey) to 0.5.
        sharpness: Variance of the Laplacian, in squared grey levels of 0 to 255; blurred pictures have little
            (Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, 2000).
        dhash: Difference hash, 16 hexadecimal digits: whether each pixel of a 9 by 8 copy is brighter than the next.
    """

    brightness: float
    contrast: float
    sharpness: float
    dhash: str


@dataclass(frozen=True)
class Accepted:
    """An image that was verified and stored.

    Attributes:
        name: Its path in what was given, as a person knows it.
        label: Its class, by its folder or the table; None where neither says one.
        split: Its split, by its folder or the table; None where neither says one.
        group: What must stay together in one split, by the table; None for nothing.
        digest: SHA-256 of the file, in hex.
        width: Upright width in pixels.
        height: Upright height in pixels.
        format: As Pillow names it.
        size_bytes: Of the file.
        statistics: What was measured of the picture.
        drawn: Whether the split was drawn, and may be drawn again, rather than fixed.
        excluded: Whether the table says that it was set aside.
    """

    name: str
    label: str | None
    split: Split | None
    group: str | None
    digest: str
    width: int
    height: int
    format: str
    size_bytes: int
    statistics: ImageStatistics
    drawn: bool = False
    excluded: bool = False


@dataclass(frozen=True)
class Rejected:
    """A file that was left out.

    Attributes:
        name: Its path in what was given, as a person knows it.
        reason: Why, in one sentence for a person; one of `core.intake.rejection_messages`.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Limits:
    """How far taking in goes. The defaults are far beyond honest data and short of what harms the machine.

    Attributes:
        files: Files of one source.
        total_bytes: Of one source, unpacked.
        file_bytes: Of one file, unpacked.
        ratio: How many times a file may grow when unpacked; only files beyond `ratio_from_bytes` are measured, because
            small drawings compress very well.
        ratio_from_bytes: See `ratio`.
        seconds: For decoding one image.
        memory_bytes: For decoding one image.
        decoders: Child processes that decode; default: one a core, at most 8.
    """

    files: int = 100_000
    total_bytes: int = 50 * GIGABYTE
    file_bytes: int = 500 * MEGABYTE
    ratio: float = 200
    ratio_from_bytes: int = 100 * MEGABYTE
    seconds: float = 20
    memory_bytes: int = GIGABYTE
    decoders: int = field(default_factory=lambda: min(MOST_DECODERS, os.cpu_count() or 1))
