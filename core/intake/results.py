"""Results of an ingestion, one per file, and its limits."""

import os
from dataclasses import dataclass, field
from typing import Final, Literal

from core.names import FILE_NAME_LENGTH, clean_name

Split = Literal["train", "validation", "test"]

MEGABYTE: Final = 1000**2
GIGABYTE: Final = 1000**3
MOST_DECODERS: Final = 8


@dataclass(frozen=True)
class ImageStatistics:
    """Statistics of an image, measured on a grey copy of at most 256 pixels a side.

    Attributes:
        brightness: Mean, from 0 (black) to 1 (white).
        contrast: Standard deviation, from 0 (uniform) to 0.5.
        sharpness: Variance of the Laplacian, in squared grey levels of 0 to 255; low for blurred images
            (Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, 2000).
        dhash: Difference hash, 16 hexadecimal digits: each bit says whether a pixel of a 9 by 8 copy is brighter than
            its right neighbour.
        bit_depth: Bits that its integers need, 8, 12 or 16, if the file holds more than 8 a channel; 0 if not.
    """

    brightness: float
    contrast: float
    sharpness: float
    dhash: str
    bit_depth: int = 0


@dataclass(frozen=True)
class Accepted:
    """An image that was verified and stored; its names are cleaned (`core.names`).

    Attributes:
        name: Its path in the source.
        label: Its class, from a table or a folder; None for no class.
        split: Its split, from a table or a folder; None if neither gives one.
        group: Images of one group stay in one split; None for no group.
        digest: SHA-256 of the file, in hex.
        width: Upright width in pixels.
        height: Upright height in pixels.
        format: As Pillow names it.
        size_bytes: Of the file.
        statistics: Brightness, contrast, sharpness and difference hash.
        captured_at: When it was taken, as its camera had it: ISO 8601 without a zone; None if unknown.
        camera: Maker and model; None if unknown.
        drawn: Whether the split was drawn and may be drawn again; False for a fixed split.
        excluded: Whether a table excludes the image from training.
        label_from_table: Whether a table gave the class.
        split_from_table: Whether a table gave the split.
        group_from_table: Whether a table gave the group.
        note: What a person should know of it, in one sentence of `core.intake.rejection_messages`; mostly empty.
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
    captured_at: str | None = None
    camera: str | None = None
    drawn: bool = False
    excluded: bool = False
    label_from_table: bool = False
    split_from_table: bool = False
    group_from_table: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_name(self.name, FILE_NAME_LENGTH))
        object.__setattr__(self, "label", clean_name(self.label or "") or None)
        object.__setattr__(self, "group", clean_name(self.group or "") or None)


@dataclass(frozen=True)
class Rejected:
    """A file that was not accepted.

    Attributes:
        name: Its path in the source.
        reason: Why, in one sentence; one of `core.intake.rejection_messages`.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Note:
    """What a person should know about a file, a folder or a table that was not rejected.

    Attributes:
        name: Its path in the source.
        sentence: One of the notes in `core.intake.rejection_messages`.
    """

    name: str
    sentence: str


@dataclass(frozen=True)
class Limits:
    """Limits of an ingestion. The defaults lie far above real data sets and below what harms the machine.

    Attributes:
        files: Number of files in one source.
        total_bytes: Unpacked size of one source.
        file_bytes: Unpacked size of one file.
        ratio: Unpacked size divided by packed size, for files above `ratio_from_bytes`. Smaller files are exempt,
            because drawings compress very well.
        ratio_from_bytes: See `ratio`.
        seconds: Time for decoding one image.
        memory_bytes: Memory for decoding one image.
        decoders: Number of decoder processes; default: one per core, at most 8.
    """

    files: int = 100_000
    total_bytes: int = 50 * GIGABYTE
    file_bytes: int = 500 * MEGABYTE
    ratio: float = 200
    ratio_from_bytes: int = 100 * MEGABYTE
    seconds: float = 20
    memory_bytes: int = GIGABYTE
    decoders: int = field(default_factory=lambda: min(MOST_DECODERS, os.cpu_count() or 1))
