"""The images of a benchmark, as folders for the peers and as a workspace for Graft."""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.dataset.manifest import SPLIT_NAMES, Manifest
from core.dataset.splits import assign_splits
from core.settings import Settings
from core.storage.blobs import OriginalStore


@dataclass(frozen=True)
class Photographs:
    """Images with their labels and splits.

    Attributes:
        folder: `train`, `validation` and `test`, each with one folder per class, for `image_dataset_from_directory`.
        manifest: The same images for Graft.
        settings: Settings of the workspace with the originals.
        originals: Store of the originals.
    """

    folder: Path
    manifest: Manifest
    settings: Settings
    originals: OriginalStore


def from_zip(archive: Path, folder: Path, keras_home: Path) -> Photographs:
    """Write the images of a zip with one folder per class."""
    with zipfile.ZipFile(archive) as opened:
        names = sorted(name for name in opened.namelist() if name.lower().endswith((".jpg", ".jpeg", ".png")))
        return write_splits([(Path(name).parent.name, opened.read(name)) for name in names], folder, keras_home)


def synthetic(count: int, folder: Path, keras_home: Path, side: int = 64) -> Photographs:
    """Write synthetic images of two classes: rather red or rather blue patches."""
    files = []
    for number in range(count):
        patches = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        patches[..., 2 * (number % 2)] //= 2
        picture = Image.fromarray(patches).resize((side, side), Image.Resampling.BICUBIC)
        files.append((f"class {number % 2}", jpeg(picture)))
    return write_splits(files, folder, keras_home)


def write_splits(files: list[tuple[str, bytes]], folder: Path, keras_home: Path) -> Photographs:
    """Write images by split and class, and into a workspace; of equal files only the first is used."""
    once = {hashlib.sha256(data).hexdigest(): (label, data) for label, data in reversed(files)}
    digests = tuple(sorted(once))
    classes = tuple(sorted({label for label, _ in once.values()}))
    labels = np.array([classes.index(once[digest][0]) for digest in digests])
    splits = assign_splits(labels, seed=0)
    settings = Settings(workspace=folder / "workspace", keras_home=keras_home)
    originals = OriginalStore(settings.originals, settings.thumbnails)
    for digest, label, split in zip(digests, labels, splits, strict=True):
        file = folder / "images" / SPLIT_NAMES[split] / classes[label] / f"{digest}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(once[digest][1])
        original = originals.path(digest)
        original.parent.mkdir(parents=True, exist_ok=True)
        original.hardlink_to(file)
    names = tuple(f"{digest}.jpg" for digest in digests)
    return Photographs(folder / "images", Manifest(classes, digests, labels, splits, names), settings, originals)


def copies(photographs: Photographs, times: int) -> list[str]:
    """Store copies of each image as files with other bytes and the same pixels; returns all digests."""
    digests = []
    for digest in photographs.manifest.digests:
        data = photographs.originals.path(digest).read_bytes()
        for number in range(times):
            changed = data + bytes([number])  # decoders ignore what follows the image
            digests.append(hashlib.sha256(changed).hexdigest())
            path = photographs.originals.path(digests[-1])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(changed)
    return digests


def large_photographs(count: int, megapixels: int, folder: Path) -> None:
    """Write photographs in two class folders, each a different file; ten different pictures with camera noise."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = height * 4 // 3
    rng = np.random.default_rng(0)
    pictures = []
    for _ in range(min(10, count)):
        scene = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8)).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        grain = rng.normal(0, 6, (height, width, 1)).astype(np.int16)
        pictures.append(jpeg(Image.fromarray(np.clip(np.asarray(scene) + grain, 0, 255).astype(np.uint8))))
    for number in range(count):
        file = folder / f"class {number % 2}" / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pictures[number % len(pictures)] + bytes([number % 256]))


def jpeg(picture: Image.Image) -> bytes:
    """Encode a picture as JPEG."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90)
    return file.getvalue()
