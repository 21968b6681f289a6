"""Whether the checks find what was planted: `python -m benchmarks.checks [SETS] [PART ...] [--keras-home FOLDER]`.

SETS is the folder with the sample sets as zips; without it, the one of GRAFT_TEST_DATA. The parts, all without an
argument: `labels` swaps 5 % of the labels of two sets, with five seeds, and ranks the images, beside cleanlab on the
same probabilities where it is installed; `copies` plants changed copies in photographs, small and drawn pictures
(`benchmarks.duplicates`); `border` draws a coloured border around the images of one class; `bursts` plants bursts and
compares a random split with an honest one; `size` times ingestion and every check at 10,000 drawn images. Each prints a
table with the goal beside the figure.
"""

import argparse
import functools
import io
import os
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from benchmarks import duplicates
from benchmarks.clock import machine, table
from core.advice.split_comparison import compare_splits
from core.checks.dataset import Dataset, ingested_dataset
from core.checks.mislabelled import mislabelled
from core.checks.registry import CHECKS
from core.checks.shortcut import shortcut
from core.features.activation_cache import compute_activations
from core.intake.ingestion import ingest
from core.intake.results import Accepted, Rejected
from core.jobs.handlers.project_features import border_only
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.networks import prepare
from core.training.plan import make_plan
from core.training.recipe import Backbone, Recipe

SEEDS = range(5)
SWAPPED = 0.05
RANKED = 0.1
BACKBONE = "MobileNetV2"
LABEL_GOALS = {"sign_digits": 0.90, "flowers5_small": 0.55}
BORDER_SETS = ("cats_dogs", "flowers5_small", "hymenoptera", "sign_digits")
DRAWN = 10_000
DRAWN_CLASSES = 20
DRAWN_FEATURES = 1280

File = tuple[str, str, bytes]  # class, name, content


class Workbench:
    """MobileNetV2 with ImageNet weights, and a workspace that is thrown away."""

    def __init__(self, folder: Path, keras_home: Path) -> None:
        self.settings = Settings(workspace=folder, keras_home=keras_home)
        self.originals = OriginalStore(self.settings.originals, self.settings.thumbnails)
        recipe = Recipe(backbone=Backbone(name=BACKBONE, weights="imagenet"))
        self.plan = make_plan(recipe, classes=2)
        networks = prepare(recipe, self.plan, classes=2, keras_home=keras_home, on_download=lambda *_: None)
        self.network = networks.prefix(self.plan.phases[0])

    def take(self, files: list[File]) -> tuple[Dataset, list[Rejected]]:
        """Take files in as a person's zip; gives them as the material of checks, and what was refused."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "images.zip"
            with zipfile.ZipFile(path, "w") as archive:
                for label, name, data in files:
                    archive.writestr(f"{label}/{name}", data)
            results = list(ingest(path, self.originals))
        taken = [one for one in results if isinstance(one, Accepted)]
        return ingested_dataset(taken, self.originals), [one for one in results if isinstance(one, Rejected)]

    def look(self, dataset: Dataset, *, borders: bool = False) -> Dataset:
        """Give the same images with features, also of their borders alone if wanted."""
        found = {"features": self._features(self.network, dataset)}
        if borders:
            found["border_features"] = self._features(border_only(self.network, self.plan.input_size), dataset)
        return replace(dataset, **found)

    def _features(self, network, dataset: Dataset) -> np.ndarray:
        size = self.plan.input_size
        activations = compute_activations(
            network, dataset.digests, originals=self.originals, settings=self.settings, size=size, resize="crop"
        )
        return activations.gather(np.arange(len(dataset)))[0]


def read(archive: Path) -> list[File]:
    """The images of a zip with one folder a class."""
    with zipfile.ZipFile(archive) as opened:
        names = sorted(name for name in opened.namelist() if name.lower().endswith((".jpg", ".jpeg", ".png")))
        return [(Path(name).parent.name, Path(name).name, opened.read(name)) for name in names]


def labels(sets: Path, bench: Workbench) -> str:
    """How many of the swapped labels are among the tenth that is ranked worst."""
    rows = []
    for name, goal in LABEL_GOALS.items():
        dataset = bench.extract(bench.ingest(read(sets / f"{name}.zip"))[0])
        ours, theirs, precision = np.array([_swap(dataset, seed) for seed in SEEDS]).T
        rows.append(
            (name, len(dataset), f"{ours.mean():.3f} ({ours.min():.3f} to {ours.max():.3f})", f"at least {goal}")
        )
        rows[-1] += (
            f"{theirs.mean():.3f}" if not np.isnan(theirs).any() else "not installed",
            f"{precision.mean():.2f}",
        )
    head = ("set", "images", "swapped labels in the worst tenth", "goal", "cleanlab", "flags that were swapped")
    return table(f"{SWAPPED:.0%} of the labels swapped, mean of {len(SEEDS)} seeds, {BACKBONE}", head, rows)


def _swap(dataset: Dataset, seed: int) -> tuple[float, float, float]:
    """Recall of ours and of cleanlab in the worst tenth, and the share of our flags that were swapped."""
    random = np.random.default_rng(seed)
    swapped = random.choice(len(dataset), round(SWAPPED * len(dataset)), replace=False)
    wrong = dataset.labels.copy()
    wrong[swapped] = (wrong[swapped] + random.integers(1, len(dataset.classes), len(swapped))) % len(dataset.classes)
    changed = replace(dataset, labels=wrong)
    result = mislabelled(changed)
    theirs = _cleanlab(changed)
    return (
        _in_worst_tenth(result.scores, swapped),
        float("nan") if theirs is None else _in_worst_tenth(theirs, swapped),
        float(np.isin(np.flatnonzero(result.flags), swapped).mean()),
    )


def _cleanlab(dataset: Dataset) -> np.ndarray | None:
    """cleanlab's quality of each label, by the same probabilities; None where it is not installed."""
    try:
        from cleanlab.rank import get_label_quality_scores
    except ImportError:
        return None
    return get_label_quality_scores(dataset.labels, dataset.probe.probabilities)


def _in_worst_tenth(scores: np.ndarray, planted: np.ndarray) -> float:
    tenth = np.argsort(scores, kind="stable")[: round(RANKED * len(scores))]
    return float(np.isin(planted, tenth).mean())


def copies(sets: Path, _bench: Workbench) -> str:
    """Planted copies by kind of change, and falsely joined pairs."""
    return duplicates.copies(sets)


def border(sets: Path, bench: Workbench) -> str:
    """Whether a coloured border around one class' images is called a shortcut, and none is without it."""
    rows = []
    for name in BORDER_SETS:
        files = read(sets / f"{name}.zip")
        first = min(label for label, _, _ in files)
        framed = [(label, file, _framed(data) if label == first else data) for label, file, data in files]
        for what, chosen, goal in (("as it is", files, "silent"), ("with the border", framed, "fires")):
            result = shortcut(bench.extract(bench.ingest(chosen)[0], borders=True))
            rows.append(
                (name, what, "fires" if result.flags.any() else "silent", goal, result.summary.partition(". The")[0])
            )
    return table(
        f"A coloured border around one class, {BACKBONE}", ("set", "images", "shortcut test", "goal", "it says"), rows
    )


def _framed(data: bytes) -> bytes:
    image = _open(data)
    width = max(1, round(0.08 * min(image.size)))
    return _jpeg(ImageOps.expand(ImageOps.crop(image, width), width, fill=(230, 60, 160)), 90)


def bursts(sets: Path, bench: Workbench) -> str:
    """What a random and an honest split say with and without planted bursts."""
    rows = []
    for name in ("flowers5_small", "sign_digits"):
        files = read(sets / f"{name}.zip")
        chosen = np.random.default_rng(0).choice(len(files), len(files) // 4, replace=False).tolist()
        planted = [frame for row in chosen for frame in _burst(files[row], row)]
        for what, shown in (("one copy planted", [*files, planted[0]]), ("bursts planted", [*files, *planted])):
            compared = compare_splits(bench.extract(bench.ingest(shown)[0]))
            figures = [
                f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})" for one in (compared.random, compared.honest)
            ]
            rows.append((name, what, compared.images, *figures, "yes" if compared.leaks else "no"))
    head = ("set", "", "images", "random split", "honest split", "leak reported")
    return table(f"A quarter of the images as bursts of five, {BACKBONE}", head, rows)


def _burst(file: File, row: int) -> list[File]:
    """Four more frames of a picture, in which the camera moved a little."""
    label, name, data = file
    image = _open(data)
    width, height = image.size
    frames = []
    for number in range(1, 5):
        shift = 0.006 * number
        box = (round(shift * width), round(shift * height / 2), width - round(0.01 * width), height)
        frames.append((label, f"{Path(name).stem}-burst{row}-{number}.jpg", _jpeg(image.crop(box), 88)))
    return frames


def size(_sets: Path, bench: Workbench) -> str:
    """Seconds of taking in and of each check: pictures that all differ, and pictures of one and the same scene."""
    columns = [_seconds(_drawn(one_scene), bench) for one_scene in (False, True)]
    rows = [(name, *(f"{column[name]:.1f}" for column in columns)) for name in columns[0]]
    head = ("stage", "all different, seconds", "one scene, seconds")
    return table(f"{DRAWN:,} drawn images in {DRAWN_CLASSES} classes, features drawn too", head, rows)


def _drawn(one_scene: bool) -> list[File]:
    """Smooth noise in colour; of one scene, the same noise with another small thing somewhere in it."""
    scene = _noise(0)
    files = []
    for number in range(DRAWN):
        picture = scene.copy() if one_scene else _noise(number)
        if one_scene:
            random = np.random.default_rng(number)
            picture.paste(_noise(number).resize((32, 32)), tuple(random.integers(0, 96, 2).tolist()))
        files.append((f"class {number % DRAWN_CLASSES}", f"IMG_{number:05}.jpg", _jpeg(picture, 88)))
    return files


def _noise(seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), np.uint8)
    return Image.fromarray(noise).resize((128, 128), Image.Resampling.BICUBIC)


def _seconds(files: list[File], bench: Workbench) -> dict[str, float]:
    found: dict[str, float] = {}

    def timed(name, work):
        began = time.perf_counter()
        result = work()
        found[name] = time.perf_counter() - began
        return result

    dataset, _ = timed("ingestion and the search for duplicates", lambda: bench.ingest(files))
    timed("group ids", lambda: dataset.group_ids)
    random = np.random.default_rng(0)
    centres = random.normal(size=(DRAWN_CLASSES, DRAWN_FEATURES))
    seen = centres[dataset.labels] + random.normal(scale=4, size=(len(dataset), DRAWN_FEATURES))
    looked = replace(dataset, features=seen.astype(np.float32), border_features=seen[::-1].astype(np.float32))
    looked.__dict__.update({name: value for name, value in dataset.__dict__.items() if name not in looked.__dict__})
    timed("the probe", lambda: looked.probe)
    for name, check in CHECKS.items():
        timed(name, functools.partial(check.function, looked))
    timed("random against honest split", lambda: compare_splits(looked))
    return found


def _open(data: bytes) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


PARTS: dict[str, Callable[[Path, Workbench], str]] = {
    "labels": labels,
    "copies": copies,
    "border": border,
    "bursts": bursts,
    "size": size,
}


def main() -> None:
    """Run the chosen parts and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="?", default="", help="default: the folder sets of GRAFT_TEST_DATA")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--keras-home", type=Path, default=Path.home() / ".keras")
    options = parser.parse_args()
    if options.sets in PARTS:  # the folder was left out
        options.parts, options.sets = [options.sets, *options.parts], ""
    sets = Path(options.sets or Path(os.environ.get("GRAFT_TEST_DATA", ".")) / "sets")
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    print(machine(), "\n")
    with tempfile.TemporaryDirectory() as folder:
        bench = Workbench(Path(folder), options.keras_home)
        for part in options.parts or PARTS:
            print(PARTS[part](sets, bench), flush=True)


if __name__ == "__main__":
    main()
