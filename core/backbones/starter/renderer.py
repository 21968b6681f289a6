"""Renders the images of a pretraining once, in several processes, and stores them as arrays on the disk."""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.backbones.starter.images import SHAPES, TARGETS, draw_image
from core.storage.atomic import atomic_path

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class RenderedDataset:
    """Rendered images and their targets; a shard contains one instance of each class.

    Attributes:
        images: One (SHAPES, size, size, 3) uint8 array per shard, mapped from the disk.
        targets: (shards, SHAPES, len(TARGETS)) int32.
    """

    images: list[NDArray[np.uint8]]
    targets: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.images) * SHAPES

    def take(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        """Images (n, size, size, 3) and targets (n, len(TARGETS)); row r is class r % SHAPES, instance r // SHAPES."""
        images = np.stack([self.images[row // SHAPES][row % SHAPES] for row in rows])
        return images, self.targets.reshape(-1, len(TARGETS))[rows]


def render_dataset(
    folder: Path, shards: int, seed: int, size: int, on_progress: Progress, processes: int = 2
) -> RenderedDataset:
    """Open the dataset of a folder and render the missing images.

    Args:
        folder: Folder of the datasets; an unfinished shard is rendered again.
        shards: Images of each class.
        seed: Of the images.
        size: Height and width in pixels.
        on_progress: Receives the number of rendered shards and the total.
        processes: Number of processes.

    Returns:
        The complete dataset.
    """
    folder = folder / f"rendered-seed{seed}-size{size}"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [shard for shard in range(shards) if not (folder / f"{shard}.npy").exists()]
    if missing:
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            rendered = pool.imap_unordered(partial(render_shard, folder, seed, size), missing)
            for done, _ in enumerate(rendered, shards - len(missing) + 1):
                on_progress(done, shards)
    images = [np.load(folder / f"{shard}.npy", mmap_mode="r") for shard in range(shards)]
    return RenderedDataset(images, np.stack([np.load(folder / f"{shard}-targets.npy") for shard in range(shards)]))


def render_shard(folder: Path, seed: int, size: int, shard: int) -> None:
    """Render one instance of each class; the file of the images is written last and atomically."""
    rendered = [draw_image(label, shard, seed, size) for label in range(SHAPES)]
    np.save(folder / f"{shard}-targets.npy", np.array([targets.as_row() for _, targets in rendered], np.int32))
    with atomic_path(folder / f"{shard}.npy") as part:
        np.save(part, np.stack([image for image, _ in rendered]))
