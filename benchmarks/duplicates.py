"""Planted and natural pairs for the search for duplicates; the part `copies` of `benchmarks.checks`.

Every change of `CHANGES` is applied to some pictures of each set. A copy counts as found if it is joined with its
original, also by way of another copy; a pair of pictures counts as falsely joined if they come from different
originals. Thresholds were chosen on the sets marked "tuned"; the others only confirm.
"""

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps
from sklearn.datasets import load_digits

from benchmarks.clock import table
from benchmarks.drawn_sets import DRAWN_SETS, draw_set
from core.backbones.starter.images import SHAPES, draw_image
from core.dataset.grouping import connected_sets
from core.dataset.near_duplicates import DuplicatePairs, find_duplicates

TUNED = {"cats_dogs", "sign_digits", "red cells", "leaves"}
PHOTOGRAPHS = ("cats_dogs", "hymenoptera")
SMALL = ("flowers5_small", "sign_digits", "cifar10", "rock_paper_scissors")
IMAGES, COPIES = 150, 10
GROWTH = (1_000, 10_000)

Random = np.random.Generator
Change = Callable[[Image.Image, Random], Image.Image]


def _turned(image: Image.Image, random: Random, fill: tuple[int, int, int]) -> Image.Image:
    angle, expand = float(random.uniform(5, 355)), bool(random.integers(2))
    return image.rotate(angle, Image.Resampling.BICUBIC, expand=expand, fillcolor=fill)


def _ground(image: Image.Image) -> tuple[int, int, int]:
    """The usual colour of the picture's edge, with which an editor fills the corners."""
    values = np.asarray(image)
    edge = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    red, green, blue = np.median(edge, axis=0).astype(int).tolist()
    return red, green, blue


def _cropped(image: Image.Image, random: Random) -> Image.Image:
    share = random.uniform(0.7, 0.9)
    width, height = round(image.width * share), round(image.height * share)
    left, top = random.integers(0, image.width - width + 1), random.integers(0, image.height - height + 1)
    return image.crop((int(left), int(top), int(left) + width, int(top) + height))


def _captioned(image: Image.Image, random: Random) -> Image.Image:
    image = image.copy()
    size = max(8, image.height // 7)
    place = (0.05 * image.width, float(random.uniform(0, 0.7)) * image.height)
    font = ImageFont.load_default(size=size)
    outline = {"stroke_width": max(1, image.height // 100), "stroke_fill": "black"}
    ImageDraw.Draw(image).text(place, "SAMPLE 2024", fill="white", font=font, **outline)
    return image


def _framed(image: Image.Image, random: Random) -> Image.Image:
    colour = tuple(random.integers(0, 256, 3).tolist())
    return ImageOps.expand(image, max(2, round(0.1 * min(image.size))), fill=colour)


def _scaled(image: Image.Image, random: Random) -> Image.Image:
    factor = float(random.choice([0.5, 0.6, 1.5, 2]))
    size = (max(8, round(image.width * factor)), max(8, round(image.height * factor)))
    return image.resize(size, Image.Resampling.BICUBIC)


CHANGES: dict[str, Change] = {
    "turned, black": lambda image, random: _turned(image, random, (0, 0, 0)),
    "turned, filled": lambda image, random: _turned(image, random, _ground(image)),
    "quarter turn": lambda image, random: image.rotate(90 * int(random.integers(1, 4)), expand=True),
    "mirrored": lambda image, random: ImageOps.mirror(image) if random.integers(2) else ImageOps.flip(image),
    "mirrored, turned": lambda image, random: _turned(ImageOps.mirror(image), random, _ground(image)),
    "cropped": _cropped,
    "framed": _framed,
    "rescaled": _scaled,
    "JPEG 30": lambda image, _random: Image.open(io.BytesIO(_jpeg(image, 30))).convert("RGB"),
    "brightness": lambda image, random: ImageEnhance.Brightness(image).enhance(float(random.choice([0.6, 0.75, 1.3]))),
    "contrast": lambda image, random: ImageEnhance.Contrast(image).enhance(float(random.choice([0.6, 0.75, 1.4]))),
    "text": _captioned,
}


def copies(sets: Path) -> str:
    """Tables of recall by change and of falsely joined pairs, and of the time by number of images."""
    names = [*PHOTOGRAPHS, *SMALL, *DRAWN_SETS, "digits", "textures"]
    rows = [_measure(name, _pictures(name, sets)) for name in names]
    head = ("set", "images", *CHANGES, "false pairs", "false with copies", "seconds per 1,000")
    title = (
        f"Recall of {COPIES} copies a change; the goal for {' and '.join(PHOTOGRAPHS)} is 0.95, and at most 1 false "
        "pair per 1,000 images everywhere"
    )
    return f"{table(title, head, rows)}\n\n{_growth(sets)}"


def _measure(name: str, pictures: list[Image.Image]) -> tuple[object, ...]:
    random, n = np.random.default_rng(0), len(pictures)
    originals = [_thumbnail(one) for one in pictures]
    alone = find_duplicates(lambda row: originals[row], n)
    chosen = {change: random.choice(n, min(COPIES, n), replace=False).tolist() for change in CHANGES}
    planted = [(change, row) for change, rows in chosen.items() for row in rows]
    everything = originals + [_thumbnail(CHANGES[change](pictures[row], random)) for change, row in planted]
    began = time.perf_counter()
    found = find_duplicates(lambda row: everything[row], len(everything))
    seconds = time.perf_counter() - began
    origin = np.array([*range(n), *(row for _, row in planted)])
    recall = _recall(found, planted, n)
    false = int((origin[found.same[:, 0]] != origin[found.same[:, 1]]).sum()) - len(alone.same)
    tuned = f"{name} (tuned)" if name in TUNED else name
    speed = f"{1000 * seconds / len(everything):.1f}"
    return (tuned, n, *(f"{share:.2f}" for share in recall), len(alone.same), max(0, false), speed)


def _recall(found: DuplicatePairs, planted: list[tuple[str, int]], n: int) -> list[float]:
    number = {row: place for place, rows in enumerate(connected_sets(found.same, n + len(planted))) for row in rows}
    joined: dict[str, list[bool]] = {change: [] for change in CHANGES}
    for place, (change, row) in enumerate(planted):
        joined[change].append(number.get(n + place, -1) == number.get(row, -2))
    return [float(np.mean(one)) for one in joined.values()]


def _growth(sets: Path) -> str:
    """Seconds for crops of photographs that show different places, at two sizes."""
    pictures = _pictures("cats_dogs", sets, most=300)
    rows = []
    for n in GROWTH:
        random = np.random.default_rng(1)
        crops = [_thumbnail(_place(pictures[row % len(pictures)], random)) for row in range(n)]
        began = time.perf_counter()
        find_duplicates(lambda row, crops=crops: crops[row], n)
        rows.append((f"{n:,}", f"{time.perf_counter() - began:.1f}"))
    return table("Time of the search, without reading files", ("images", "seconds"), rows)


def _place(image: Image.Image, random: Random) -> Image.Image:
    side = min(image.size) // 3
    left, top = int(random.integers(image.width - side + 1)), int(random.integers(image.height - side + 1))
    return image.crop((left, top, left + side, top + side)).resize((224, 224), Image.Resampling.BICUBIC)


def _pictures(name: str, sets: Path, most: int = IMAGES) -> list[Image.Image]:
    if name in DRAWN_SETS:
        return draw_set(name, most)
    if name == "digits":
        return [Image.fromarray((15.9 * one).astype(np.uint8)).convert("RGB") for one in load_digits().images[:most]]
    if name == "textures":
        return [Image.fromarray(draw_image(row % SHAPES, row)[0]) for row in range(most)]
    with zipfile.ZipFile(sets / f"{name}.zip") as archive:
        files = sorted(one for one in archive.namelist() if one.lower().endswith((".jpg", ".jpeg", ".png")))
        rows = np.random.default_rng(0).choice(len(files), min(most, len(files)), replace=False)
        return [Image.open(io.BytesIO(archive.read(files[row]))).convert("RGB") for row in sorted(rows.tolist())]


def _thumbnail(image: Image.Image) -> np.ndarray:
    """What intake keeps of a picture: at most 256 pixels a side, JPEG."""
    small = image.copy()
    small.thumbnail((256, 256), Image.Resampling.BILINEAR)
    return np.asarray(Image.open(io.BytesIO(_jpeg(small, 82))).convert("RGB"))


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
