"""Real files of every kind, good and hostile."""

import io
import struct
import tarfile
import zipfile
import zlib

import numpy as np
from PIL import Image

from core.intake.ingestion import ingest
from core.intake.results import Accepted, Limits, Rejected

ONE = Limits(decoders=1)


def picture(seed=0, suffix="png", size=(24, 16), **options):
    """The bytes of an image that no other seed gives."""
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, {"jpg": "JPEG"}.get(suffix, suffix), **options)
    return buffer.getvalue()


def png_that_says(width, height, rows=b""):
    """A PNG of 8-bit grey whose head is right, and whose data is what is given."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(rows, 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


def large_png(megapixels):
    """A valid one of a small file, with the filter (Paeth's) that is the most work to undo."""
    side = int((megapixels * 1_000_000) ** 0.5)
    return png_that_says(side, side, (b"\4" + bytes(side)) * side)


def zipped(path, files, compression=zipfile.ZIP_STORED):
    """A zip of bytes by name; names may also be `ZipInfo`s."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, data)
    return path


def tarred(path, files, mode="w:gz"):
    """A tar of bytes by name; an entry may also be a `TarInfo` without data."""
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            if isinstance(data, tarfile.TarInfo):
                archive.addfile(data)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def accepted_and_rejected(source, store, **options):
    results = list(ingest(source, store, **{"limits": ONE} | options))
    accepted = {one.name: one for one in results if isinstance(one, Accepted)}
    rejected = {one.name: one.reason for one in results if isinstance(one, Rejected)}
    assert len(accepted) + len(rejected) == len(results)
    return accepted, rejected


def files_below(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
