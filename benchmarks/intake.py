"""Measure large uploads: `python -m benchmarks.intake [PART ...]`; without an argument, all parts.

`kill` packs 10,000 drawn images, kills the ingesting process half way, as a power cut would, verifies every image that
it had reported, and ingests the rest. `memory` ingests zips of 100 MB, 1 GB and 4 GB and prints the peak memory of the
process and its decoders, which must not grow with the zip.
"""

import argparse
import hashlib
import io
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from benchmarks.clock import machine, table
from core.intake.ingestion import ingest
from core.intake.results import Accepted
from core.storage.blobs import OriginalStore

IMAGES = 10_000
PICTURE_BYTES = 4_000_000
ZIPS = (100_000_000, 1_000_000_000, 4_200_000_000)
POLL_SECONDS = 0.05
INGEST = """
import sys
from pathlib import Path
from core.storage.blobs import OriginalStore
from core.intake.ingestion import ingest
source, folder = map(Path, sys.argv[1:])
for result in ingest(source, OriginalStore(folder / "originals", folder / "thumbnails")):
    print(getattr(result, "digest", ""), flush=True)
"""


def kill(folder: Path) -> str:
    """Kill an ingestion half way, then ingest the rest."""
    source, store = folder / "many.zip", OriginalStore(folder / "originals", folder / "thumbnails")
    _pack(source, (_drawn(number, 96) for number in range(IMAGES)))
    began = time.perf_counter()
    process = _start(source, folder)
    assert process.stdout is not None
    reported = [process.stdout.readline().strip() for _ in range(IMAGES // 2)]
    process.send_signal(signal.SIGKILL)
    first = time.perf_counter() - began
    process.communicate()
    whole = sum(hashlib.sha256(store.path(one).read_bytes()).hexdigest() == one for one in reported)
    began = time.perf_counter()
    results = list(ingest(source, store, known=frozenset(reported)))
    second = time.perf_counter() - began
    accepted = sum(isinstance(one, Accepted) for one in results)
    rows = [
        ("reported before the kill", f"{len(reported):,}", f"{first:.1f}"),
        ("of these, stored and intact", f"{whole:,}", ""),
        ("accepted by the second try, the others skipped", f"{accepted:,}", f"{second:.1f}"),
        ("total", f"{len(list(store.originals.glob('??/*'))):,}", f"{first + second:.1f}"),
    ]
    return table(f"{IMAGES:,} images in one zip, killed half way", ("", "images", "seconds"), rows)


def memory(folder: Path) -> str:
    """Measure the peak memory of an ingestion, for zips of three sizes."""
    rows = []
    for size in ZIPS:
        source = folder / f"{size}.zip"
        _pack(source, (_noise(number) for number in range(size // PICTURE_BYTES)))
        began, process = time.perf_counter(), _start(source, folder)
        peak = 0
        while process.poll() is None:
            peak = max(peak, _family_bytes(psutil.Process(process.pid)))
            try:
                process.communicate(timeout=POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        seconds = time.perf_counter() - began
        rows.append((f"{source.stat().st_size / 1e6:,.0f} MB", f"{peak / 1e6:,.0f} MB", f"{seconds:.1f}"))
        source.unlink()
    return table("Peak memory of an ingestion, decoders included", ("zip", "peak memory", "seconds"), rows)


def _start(source: Path, folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", INGEST, str(source), str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _pack(path: Path, files) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number, data in enumerate(files):
            archive.writestr(f"class {number % 10}/{number:05}.jpg", data)


def _drawn(seed: int, side: int) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)
    return _jpeg(Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC), 90)


def _noise(number: int) -> bytes:
    """Give a photograph of 12 megapixels and at least 4 MB; each number gives a different file."""
    return _photograph() + number.to_bytes(8, "big")


@cache
def _photograph() -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (750, 1000, 3), np.uint8)
    data = _jpeg(Image.fromarray(noise).resize((4000, 3000), Image.Resampling.BICUBIC), 85)
    return data + bytes(max(0, PICTURE_BYTES - len(data)))


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _family_bytes(process: psutil.Process) -> int:
    """Sum the resident memory of a process and its descendants; shared pages count several times."""
    total = 0
    try:
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.NoSuchProcess:
        pass  # it ended in the meantime
    return total


PARTS = {"kill": kill, "memory": memory}


def main() -> None:
    """Run the chosen parts and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args()
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    print(machine(), "\n")
    for part in options.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            print(PARTS[part](Path(folder)), flush=True)


if __name__ == "__main__":
    main()
