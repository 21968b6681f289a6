"""The album: the images of a pretraining, drawn once by several processes and kept as arrays on the disk."""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.backbones.starter.images import CHOICES, SHAPES, draw
from core.storage.atomic import atomic_path

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Album:
    """Images and what is to be seen on them; a page holds one instance of each class.

    Attributes:
        images: One (SHAPES, size, size, 3) uint8 array a page, mapped from the disk.
        answers: (pages, SHAPES, len(CHOICES)) int32.
    """

    images: list[NDArray[np.uint8]]
    answers: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.images) * SHAPES

    def take(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        """Images (n, size, size, 3) and answers (n, len(CHOICES)); row r is class r % SHAPES, instance r // SHAPES."""
        images = np.stack([self.images[row // SHAPES][row % SHAPES] for row in rows])
        return images, self.answers.reshape(-1, len(CHOICES))[rows]


def open_album(folder: Path, pages: int, seed: int, size: int, on_progress: Progress, processes: int = 2) -> Album:
    """The album in a folder; what is not drawn yet is drawn.

    Args:
        folder: Where the pages lie; a page that was begun by a killed process is drawn again.
        pages: Instances of each class.
        seed: Of the images.
        size: Height and width in pixels.
        on_progress: Called with the number of pages that are there, and of all.
        processes: How many draw.

    Returns:
        The album, all pages there.
    """
    folder = folder / f"images-seed{seed}-size{size}"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [page for page in range(pages) if not (folder / f"{page}.npy").exists()]
    if missing:
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            drawn = pool.imap_unordered(partial(draw_page, folder, seed, size), missing)
            for done, _ in enumerate(drawn, pages - len(missing) + 1):
                on_progress(done, pages)
    images = [np.load(folder / f"{page}.npy", mmap_mode="r") for page in range(pages)]
    return Album(images, np.stack([np.load(folder / f"{page}-answers.npy") for page in range(pages)]))


def draw_page(folder: Path, seed: int, size: int, page: int) -> None:
    """Draw one instance of each class; the file with the images appears last and whole."""
    drawn = [draw(label, page, seed, size) for label in range(SHAPES)]
    np.save(folder / f"{page}-answers.npy", np.array([answers.as_row() for _, answers in drawn], np.int32))
    with atomic_path(folder / f"{page}.npy") as part:
        np.save(part, np.stack([image for image, _ in drawn]))
