"""Sample sets that work without a network: leaves and shapes that this program draws, and real handwritten digits."""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from core.errors import NotFoundError
from core.intake import leaves, shapes
from core.storage.disk import describe_disk_errors

DIGITS_A_CLASS: Final = 100
DIGIT_SIDE: Final = 64
DIGIT_WHITE: Final = 16
# A fixed time makes the zip reproducible.
TIME: Final = (1980, 1, 1, 0, 0, 0)

Pictures = Iterator[tuple[str, bytes]]


@dataclass(frozen=True)
class Sample:
    """A sample set.

    Attributes:
        title: Title of its card.
        sentence: Description of its card.
        classes: Names of its classes.
        images: Number of images.
        licence: Its licence.
        source: Its authors and origin.
        draw: Yields the path of each image, which begins with its class, and its bytes.
    """

    title: str
    sentence: str
    classes: tuple[str, ...]
    images: int
    licence: str
    source: str
    draw: Callable[[], Pictures]


def write_sample(name: str, folder: Path) -> Path:
    """Write a sample set as a zip with one folder per class; the bytes are reproducible.

    Args:
        name: A key of `SAMPLES`.
        folder: Folder of the zip.

    Returns:
        The zip.

    Raises:
        NotFoundError: There is no such sample set.
        WorkspaceError: The disk is full or not writable.
    """
    if name not in SAMPLES:
        raise NotFoundError(f"There is no sample set {name!r}.", f"Choose one of: {', '.join(SAMPLES)}.")
    path = folder / f"{name}.zip"
    with describe_disk_errors(str(path)), zipfile.ZipFile(path, "w") as archive:
        for image, data in SAMPLES[name].draw():
            archive.writestr(zipfile.ZipInfo(f"{name}/{image}", TIME), data)
    return path


def _draw_digits() -> Pictures:
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    for label in range(10):
        for number, row in enumerate(np.flatnonzero(digits.target == label)[:DIGITS_A_CLASS]):
            ink = np.round(digits.images[row] * (255 / DIGIT_WHITE)).astype(np.uint8)
            picture = Image.fromarray(np.pad(ink, 1)).resize((DIGIT_SIDE, DIGIT_SIDE), Image.Resampling.BICUBIC)
            buffer = io.BytesIO()
            picture.save(buffer, "PNG")
            yield f"{label}/{label}-{number:03}.png", buffer.getvalue()


SAMPLES: Final[Mapping[str, Sample]] = MappingProxyType(
    {
        "leaves": Sample(
            title="Tree leaves",
            sentence="Leaves of five trees on paper, drawn by this program: a good first try.",
            classes=leaves.CLASSES,
            images=len(leaves.CLASSES) * leaves.IMAGES_A_CLASS,
            licence="CC0 1.0",
            source="drawn by Graft from a seed",
            draw=leaves.draw,
        ),
        "faulty-leaves": Sample(
            title="Tree leaves with faults",
            sentence="The same trees with faults put in on purpose: copies, turned copies, wrong labels, dark and "
            "blurred pictures, things that are no leaves. Find and repair them.",
            classes=leaves.CLASSES,
            images=len(leaves.CLASSES) * (leaves.GOOD_IMAGES + len(leaves.FAULTS)),
            licence="CC0 1.0",
            source="drawn by Graft from a seed",
            draw=leaves.draw_with_faults,
        ),
        "digits": Sample(
            title="Handwritten digits",
            sentence="Real handwriting of 43 people, 8 by 8 pixels each and enlarged: ten classes.",
            classes=tuple("0123456789"),
            images=10 * DIGITS_A_CLASS,
            licence="CC BY 4.0",
            source="E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning"
            " Repository, 1998, doi:10.24432/C50P49; as carried by scikit-learn",
            draw=_draw_digits,
        ),
        "shapes": Sample(
            title="Drawn shapes (hard)",
            sentence="Five shapes in any colour, size and turn. Hard on purpose: the starter network gets about half "
            "of them right.",
            classes=shapes.CLASSES,
            images=len(shapes.CLASSES) * shapes.IMAGES_A_CLASS,
            licence="CC0 1.0",
            source="drawn by Graft from a seed",
            draw=shapes.draw,
        ),
    }
)
