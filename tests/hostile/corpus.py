"""Hostile files, drawn from a seed: archives, images, tables, weights, and the names in them."""

import gzip
import io
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from core.backbones.weights import STARTER_WEIGHTS

MEGABYTE = 1_000_000
IMAGE_KINDS = ((".png", "PNG"), (".jpg", "JPEG"), (".gif", "GIF"), (".webp", "WEBP"), (".tif", "TIFF"))
NAMES = (
    "../../escape.png",
    "/etc/passwd",
    "C:\\windows\\a.png",
    ".hidden",
    "con.png",
    "a\nb.png",
    "=HYPERLINK(1).png",
    "<img src=x onerror=alert(1)>.png",
    "![x](https://example.org/x.png).png",
    "\u202egnp.exe",
    "e" + "\u0301" * 200 + ".png",
    "x" * 5_000 + ".png",
    "d/" * 400 + "deep.png",
    "\udcff\udcfe.png",
    "nul\0byte.png",
    "",
)


@dataclass(frozen=True)
class HostileFile:
    """A file and what it is.

    Attributes:
        kind: Name of the function that drew it.
        name: Its file name.
        data: Its bytes.
    """

    kind: str
    name: str
    data: bytes

    def write(self, folder: Path) -> Path:
        """Write it into a folder and give its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.name
        path.write_bytes(self.data)
        return path


def draw_files(seed: int) -> Iterator[HostileFile]:
    """Draw hostile files without end; the same seed draws the same ones."""
    generator = random.Random(seed)
    while True:
        for draw in generator.sample(KINDS, len(KINDS)):
            suffix, data = draw(generator)
            yield HostileFile(draw.__name__, f"{draw.__name__}{suffix}", data)


def picture(generator: random.Random, side: int = 24) -> bytes:
    """A valid image of noise."""
    data = io.BytesIO()
    Image.frombytes("RGB", (side, side), generator.randbytes(3 * side * side)).save(data, "PNG")
    return data.getvalue()


def endless_tar(generator: random.Random) -> tuple[str, bytes]:
    """A hidden file with a negative size: a reader that goes back by it never ends (CVE-2025-8194)."""
    header = bytearray(tarfile.TarInfo(".x").tobuf())
    size = -512 * generator.randint(1, 3)
    header[124:136] = (size & (1 << 96) - 1).to_bytes(12, "big")
    header[124] = 0o377
    return ".tar", _with_checksum(header) + bytes(1024)


def endless_pax_tar(generator: random.Random) -> tuple[str, bytes]:
    """The same in an extended header."""
    pax = bytearray(tarfile.TarInfo("pax").tobuf())
    pax[156:157] = b"x"
    record = f"{generator.randint(15, 25)} size=-1024\n".encode()
    pax[124:136] = f"{len(record):011o}\0".encode()
    return ".tar", _with_checksum(pax) + record.ljust(512, b"\0") + tarfile.TarInfo(".y").tobuf() + bytes(1024)


def sparse_tar(generator: random.Random) -> tuple[str, bytes]:
    """A file of two terabytes of holes."""
    header = bytearray(tarfile.TarInfo("holes.png").tobuf(tarfile.GNU_FORMAT))
    header[156:157] = b"S"
    header[386:398], header[398:410] = f"{generator.randint(0, 99):011o}\0".encode(), f"{512:011o}\0".encode()
    header[483:495] = f"{2**31:011o}\0".encode()
    header[124:136] = f"{512:011o}\0".encode()
    return ".tar", _with_checksum(header) + bytes(1536)


def zeros_tgz(generator: random.Random) -> tuple[str, bytes]:
    """A compressed tar that grows a thousand times."""
    size = generator.randint(150, 300) * MEGABYTE
    info = tarfile.TarInfo("zeros.png")
    info.size = size
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as file:
        file.write(info.tobuf())
        for _ in range(size // MEGABYTE):
            file.write(bytes(MEGABYTE))
    return ".tar.gz", packed.getvalue()


def zip_bomb(generator: random.Random) -> tuple[str, bytes]:
    """One file that grows a thousand times."""
    with io.BytesIO() as data:
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a/1.png", "w") as file:
            for _ in range(generator.randint(120, 200)):
                file.write(bytes(MEGABYTE))
        return ".zip", data.getvalue()


def zip_of_names(generator: random.Random) -> tuple[str, bytes]:
    """Images under every hostile name."""
    with io.BytesIO() as data:
        with zipfile.ZipFile(data, "w") as archive:
            for name in generator.sample(NAMES, len(NAMES)):
                info = zipfile.ZipInfo("x")
                info.filename = name.encode(errors="replace").decode()
                archive.writestr(info, picture(generator))
        return ".zip", data.getvalue()


def tar_of_names(generator: random.Random) -> tuple[str, bytes]:
    """The same as a tar."""
    with io.BytesIO() as data:
        with tarfile.open(fileobj=data, mode="w") as archive:
            for name in generator.sample(NAMES, len(NAMES)):
                info, image = tarfile.TarInfo(name), picture(generator)
                info.size = len(image)
                archive.addfile(info, io.BytesIO(image))
        return ".tar", data.getvalue()


def zip_of_tables(generator: random.Random) -> tuple[str, bytes]:
    """Many tables, each of which names all files."""
    names = [f"{number}.png" for number in range(400)]
    rows = "\n".join(f"{name},{generator.choice('ab')}" for name in names)
    with io.BytesIO() as data:
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(name, b"no image")
            for number in range(100):
                archive.writestr(f"{number}.csv", f"file,label\n{rows}")
        return ".zip", data.getvalue()


def zip64_counts(generator: random.Random) -> tuple[str, bytes]:
    """An empty zip whose end says that it holds billions of files."""
    entries, size = generator.getrandbits(40), generator.getrandbits(50)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, size, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2**16 - 1, 2**16 - 1, 2**32 - 1, 2**32 - 1, 0)
    return ".zip", end64 + locator + end


def huge_png(generator: random.Random) -> tuple[str, bytes]:
    """A small file of very many pixels."""
    side = generator.randint(9_000, 60_000)
    header = struct.pack(">2I5B", side, side, 8, 0, 0, 0, 0)
    packed = zlib.compress(bytes(MEGABYTE))
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return ".png", b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def broken_image(generator: random.Random) -> tuple[str, bytes]:
    """A valid image of some format, with bytes changed."""
    suffix, kind = generator.choice(
        ((".png", "PNG"), (".jpg", "JPEG"), (".gif", "GIF"), (".webp", "WEBP"), (".tif", "TIFF"))
    )
    data = io.BytesIO()
    Image.frombytes("RGB", (64, 64), generator.randbytes(3 * 64 * 64)).save(data, kind)
    return suffix, _mutated(generator, data.getvalue())


def broken_archive(generator: random.Random) -> tuple[str, bytes]:
    """A valid archive with bytes changed."""
    suffix, data = generator.choice((zip_of_names, tar_of_names))(generator)
    return suffix, _mutated(generator, data)


def broken_table(generator: random.Random) -> tuple[str, bytes]:
    """A table with bytes changed, among them quotes, separators and formulas."""
    rows = [f"{number}.png;{generator.choice(NAMES)};=1+1" for number in range(300)]
    return ".csv", _mutated(generator, "\n".join(["file;label;split", *rows]).encode(errors="replace"))


def broken_weights(generator: random.Random) -> tuple[str, bytes]:
    """The weights of the starter network, with bytes of its first part changed, where HDF5 has its structure."""
    data = STARTER_WEIGHTS.read_bytes()
    return ".weights.h5", _mutated(generator, data[:100_000]) + data[100_000:]


KINDS: tuple[Callable[[random.Random], tuple[str, bytes]], ...] = (
    endless_tar,
    endless_pax_tar,
    sparse_tar,
    zeros_tgz,
    zip_bomb,
    zip_of_names,
    tar_of_names,
    zip_of_tables,
    zip64_counts,
    huge_png,
    broken_image,
    broken_archive,
    broken_table,
    broken_weights,
)


def _mutated(generator: random.Random, data: bytes) -> bytes:
    """Change, remove or repeat some bytes."""
    changed = bytearray(data)
    for _ in range(generator.randint(1, 12)):
        at = generator.randrange(len(changed))
        length = generator.randint(1, 16)
        action = generator.randrange(3)
        if action == 0:
            changed[at : at + length] = generator.randbytes(length)
        elif action == 1 and len(changed) > 2 * length:
            del changed[at : at + length]
        else:
            changed[at:at] = changed[at : at + length]
    return bytes(changed)


def _with_checksum(header: bytearray) -> bytes:
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    return bytes(header)
