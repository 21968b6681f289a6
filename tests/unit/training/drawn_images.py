"""Images drawn for tests: each class has its colour, and noise on it. Also run as a script, to be killed."""

import hashlib
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from core.dataset.manifest import Manifest
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.recipe import Backbone, Phase, Recipe

COLOURS = {"blue": (60, 60, 200), "green": (60, 170, 60), "red": (200, 60, 60)}
SPLITS = [0] * 8 + [1] * 4 + [2] * 4


def draw(settings: Settings, noise: float = 60, per_class: list[int] | None = None) -> Manifest:
    """Put images of three classes into a workspace; the same ones every time."""
    store = OriginalStore(settings.originals, settings.thumbnails)
    digests, labels, splits = [], [], []
    for label, colour in enumerate(COLOURS.values()):
        for number, split in enumerate(per_class or SPLITS):
            digests.append(_put(store, colour, noise, seed=1000 * label + number))
            labels.append(label)
            splits.append(split)
    names = tuple(f"{number}.png" for number in range(len(labels)))
    return Manifest(tuple(COLOURS), tuple(digests), np.array(labels, np.int64), np.array(splits, np.int8), names)


def _put(store: OriginalStore, colour: tuple[int, int, int], noise: float, seed: int) -> str:
    random = np.random.default_rng(seed)
    height, width = random.integers(40, 70, 2)
    pixels = np.clip(random.normal(colour, noise, (height, width, 3)), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    digest = hashlib.sha256(file.getvalue()).hexdigest()
    path = store.path(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.getvalue())
    return digest


def small_recipe(**changes) -> Recipe:
    """A recipe for drawn images: seconds to train."""
    usual = {
        "backbone": Backbone(name="Starter", weights="starter", input_size=32),
        "head_phase": Phase(epochs=3, learning_rate=1e-2),
        "fine_tune_phase": Phase(epochs=2, learning_rate=1e-3),
        "batch_size": 8,
    }
    return Recipe(**{**usual, **changes})


def train_in_this_process(workspace: Path, recipe_file: Path, out: Path) -> None:
    """Train and print the number of each epoch as it ends."""
    from core.jobs.events import Epoch
    from core.training.recipe import load_recipe
    from core.training.train import train

    settings = Settings(workspace=workspace)
    train(
        load_recipe(recipe_file.read_text()),
        draw(settings),
        originals=OriginalStore(settings.originals, settings.thumbnails),
        settings=settings,
        emit=lambda event: print(event.epoch, flush=True) if isinstance(event, Epoch) else None,  # noqa: T201
        should_stop=lambda: False,
        out=out,
    )


if __name__ == "__main__":
    train_in_this_process(*map(Path, sys.argv[1:]))
