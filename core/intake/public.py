"""Well-known public sample sets, downloaded on demand. A file is opened only if its hash is the published one.

Only sets with a published hash are offered. The hashes of the flowers and of CIFAR-10 are in TensorFlow Datasets
(`url_checksums` at https://github.com/tensorflow/datasets); the MD5 on CIFAR-10's own page is of the same file. The
hash of the cats and dogs is in GoMLX (`examples/dogsvscats` at https://github.com/gomlx/gomlx). No hash is published
for `cats_and_dogs_filtered.zip`, which many tutorials use; it is a subset of these.
"""

import hashlib
import http.client
import io
import ssl
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final

from core.errors import NetworkError
from core.storage.atomic import atomic_path
from core.storage.disk import describe_disk_errors

TIMEOUT_SECONDS: Final = 30
CHUNK_BYTES: Final = 1024**2
TIME: Final = (1980, 1, 1, 0, 0, 0)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PublicSample:
    """A public sample set.

    Attributes:
        title: Title of its card.
        sentence: Description of its card.
        classes: Names of its classes.
        images: Number of images in the downloaded file that are used.
        licence: Its licence.
        source: Its authors and origin.
        url: URL of its file.
        size_bytes: Size of its file.
        sha256: Published hash of its file.
        unpack: Makes an archive of images from the file, in the given folder.
    """

    title: str
    sentence: str
    classes: tuple[str, ...]
    images: int
    licence: str
    source: str
    url: str
    size_bytes: int
    sha256: str
    unpack: Callable[[Path, Path], Path]


def fetch_sample(
    sample: PublicSample,
    downloads: Path,
    scratch: Path,
    *,
    on_progress: Progress = lambda done, total: None,  # noqa: ARG005 - nobody listens
    context: ssl.SSLContext | None = None,
) -> Path:
    """Download a sample set, unless it was downloaded before.

    Args:
        sample: The sample set.
        downloads: Folder in which downloaded files stay.
        scratch: Folder for the archive that is made of the file.
        on_progress: Called with the bytes done and the total.
        context: Trusted certificates; None for those of the system.

    Returns:
        An archive for `ingest`.

    Raises:
        NetworkError: The download failed, or its hash is not the published one.
        WorkspaceError: The disk is full or not writable.
    """
    path = downloads / sample.url.rpartition("/")[2]
    if not path.is_file() or _hash(path) != sample.sha256:
        _download(sample, path, on_progress, context)
    return sample.unpack(path, scratch)


def _download(sample: PublicSample, path: Path, on_progress: Progress, context: ssl.SSLContext | None) -> None:
    with describe_disk_errors(str(path)), atomic_path(path, shared=True) as part:
        with part.open("wb") as file:
            for done, chunk in _chunks(sample, context):
                file.write(chunk)
                on_progress(done, sample.size_bytes)
        if _hash(part) != sample.sha256:
            raise _download_error(sample, "what the server sent is not the published file")


def _chunks(sample: PublicSample, context: ssl.SSLContext | None) -> Iterator[tuple[int, bytes]]:
    """Yield the number of bytes so far and each chunk; stops beyond the size of the published file."""
    done = 0
    try:
        with urllib.request.urlopen(sample.url, timeout=TIMEOUT_SECONDS, context=context) as answer:
            while (chunk := answer.read(CHUNK_BYTES)) and done <= sample.size_bytes:
                done += len(chunk)
                yield done, chunk
    except urllib.error.HTTPError as error:
        error.close()
        raise _download_error(sample, f"the server answered with status {error.code}") from error
    except (OSError, http.client.HTTPException) as error:
        raise _download_error(sample, "there is no network, or the connection broke off") from error


def _download_error(sample: PublicSample, why: str) -> NetworkError:
    return NetworkError(
        f"The sample set “{sample.title}” could not be downloaded: {why}.",
        "Try again later, or use a sample set that works without a network.",
    )


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unchanged(path: Path, _scratch: Path) -> Path:
    return path


# As many as in the subset of the tutorials.
PETS_A_CLASS: Final = 1500


def _first_pets(path: Path, scratch: Path) -> Path:
    """Zip the first photographs of cats and dogs; a few of them are damaged, as published."""
    target = scratch / "cats-and-dogs.zip"
    with describe_disk_errors(str(target)), zipfile.ZipFile(path) as whole, zipfile.ZipFile(target, "w") as part:
        names = set(whole.namelist())
        for label in ("Cat", "Dog"):
            for name in (f"PetImages/{label}/{number}.jpg" for number in range(PETS_A_CLASS)):
                if name in names:
                    part.writestr(zipfile.ZipInfo(name, TIME), whole.read(name))
    return target


CIFAR_CLASSES: Final = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
CIFAR_SIDE: Final = 32
CIFAR_RECORD_BYTES: Final = 1 + 3 * CIFAR_SIDE**2
CIFAR_A_CLASS: Final = MappingProxyType({"train": 500, "test": 100})


def _cifar(path: Path, scratch: Path) -> Path:
    """Zip the first images of each class of CIFAR-10's binary version as PNGs.

    A record has one byte for the class and 32 by 32 bytes for each of red, green and blue
    (https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version").
    """
    target = scratch / "cifar-10.zip"
    taken: Counter[tuple[str, str]] = Counter()
    with describe_disk_errors(str(target)), zipfile.ZipFile(target, "w") as archive:
        for split, record in _cifar_records(path):
            place = (split, CIFAR_CLASSES[record[0]])
            if taken[place] < CIFAR_A_CLASS[split]:
                taken[place] += 1
                name = f"cifar-10/{'/'.join(place)}/{place[1]}-{taken[place]:04}.png"
                archive.writestr(zipfile.ZipInfo(name, TIME), _cifar_png(record))
    return target


def _cifar_records(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each record with its split, in the order of the files."""
    with tarfile.open(path, "r|gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".bin") else None
            if file is not None:
                split = "test" if "test_batch" in member.name else "train"
                yield from ((split, record) for record in _records(file))


def _records(file: IO[bytes]) -> Iterator[bytes]:
    while len(record := file.read(CIFAR_RECORD_BYTES)) == CIFAR_RECORD_BYTES:
        yield record


def _cifar_png(record: bytes) -> bytes:
    from PIL import Image

    side, pixels = (CIFAR_SIDE, CIFAR_SIDE), CIFAR_SIDE**2
    planes = [
        Image.frombytes("L", side, record[1 + start : 1 + start + pixels]) for start in range(0, 3 * pixels, pixels)
    ]
    buffer = io.BytesIO()
    Image.merge("RGB", planes).save(buffer, "PNG")
    return buffer.getvalue()


PUBLIC_SAMPLES: Final[Mapping[str, PublicSample]] = MappingProxyType(
    {
        "flower_photos": PublicSample(
            title="Flower photographs",
            sentence="Photographs of five kinds of flowers, of all sizes: the set of many tutorials.",
            classes=("daisy", "dandelion", "roses", "sunflowers", "tulips"),
            images=3_670,
            licence="CC BY 2.0, the photographers are named in its LICENSE.txt",
            source="The TensorFlow Team, Flowers, 2019",
            url="https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz",
            size_bytes=228_813_984,
            sha256="4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
            unpack=_unchanged,
        ),
        "cats_and_dogs": PublicSample(
            title="Cats and dogs",
            sentence="Photographs of pets, the first 1,500 of each class; a few are damaged and will be rejected.",
            classes=("Cat", "Dog"),
            images=2 * PETS_A_CLASS,
            licence="Microsoft Research's own, which is in the file",
            source="J. Elson and others, Asirra: A CAPTCHA that Exploits Interest-Aligned Manual Image Categorization,"
            " 2007, https://www.microsoft.com/en-us/download/details.aspx?id=54765",
            url="https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/"
            "kagglecatsanddogs_5340.zip",
            size_bytes=824_887_076,
            sha256="b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
            unpack=_first_pets,
        ),
        "cifar10": PublicSample(
            title="CIFAR-10",
            sentence="Animals and vehicles at 32 by 32 pixels; the first 500 training and 100 test images of a class.",
            classes=CIFAR_CLASSES,
            images=len(CIFAR_CLASSES) * sum(CIFAR_A_CLASS.values()),
            licence="its authors name no licence and ask to be cited",
            source="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009,"
            " https://www.cs.toronto.edu/~kriz/cifar.html",
            url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            size_bytes=170_052_171,
            sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            unpack=_cifar,
        ),
    }
)
