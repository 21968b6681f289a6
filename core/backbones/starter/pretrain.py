"""Pretrain the starter backbone on synthetic images.

    python -m core.backbones.starter.pretrain [--folder DIR] [--output FILE] [--steps N] [--minutes M]

renders the images into the folder, trains with the fixed recipe, and writes the weights. After a kill or a time limit
it resumes from its last checkpoint; the data of a step depends on its number alone.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.backbones.starter.recipe import PretrainingRecipe
from core.backbones.starter.renderer import RenderedDataset, render_dataset
from core.errors import GraftError, InputError
from core.settings import Settings

if TYPE_CHECKING:
    from core.backbones.starter.pretraining import Pretraining

WEIGHTS = Path(__file__).parents[3] / "assets" / "starter.weights.h5"


def pretrain(
    recipe: PretrainingRecipe, folder: Path, output: Path, *, minutes: float | None = None, save_every: int = 200
) -> None:
    """Render the images, train, and write the weights.

    Args:
        recipe: Every choice.
        folder: Folder of images and checkpoints; a pretraining in the same folder is resumed.
        output: File of the weights, `*.weights.h5`.
        minutes: Time limit, after which a checkpoint is saved; None for no limit.
        save_every: Steps between two checkpoints.

    Raises:
        InputError: The name of the output does not end in `.weights.h5`.
    """
    if not output.name.endswith(".weights.h5"):
        raise InputError(f"Weights cannot be written to {output.name!r}.", "Give a name that ends in .weights.h5.")
    progress = _Progress(minutes)
    dataset = render_dataset(folder, recipe.images_per_class + 1, recipe.seed, recipe.image_size, progress.shards)
    # Imported late: the rendering processes need no Keras.
    from core.backbones.starter.pretraining import Pretraining, save_weights

    training = Pretraining(recipe, folder, RenderedDataset(dataset.images[:-1], dataset.targets[:-1]))
    _train(training, progress, save_every)
    training.calibrate_scale(RenderedDataset(dataset.images[-1:], dataset.targets[-1:]))
    save_weights(training.network, output)
    accuracy = training.accuracy(RenderedDataset(dataset.images[-1:], dataset.targets[-1:]))
    _print(f"step {training.done} of {recipe.steps}; accuracy on unseen images: {_format(accuracy)}")


class _Progress:
    """Reports the progress and the time left, and enforces the time limit."""

    def __init__(self, minutes: float | None) -> None:
        self.began = time.monotonic()
        self.ends = float("inf") if minutes is None else self.began + 60 * minutes

    def is_over(self) -> bool:
        return time.monotonic() > self.ends

    def shards(self, done: int, total: int) -> None:
        _print(f"{done} of {total} images per class rendered")

    def steps(self, before: int, done: int, total: int, losses: dict[str, float]) -> None:
        left = (time.monotonic() - self.began) / (done - before) * (total - done)
        _print(f"step {done} of {total}, {left / 60:.1f} min left; losses: {_format(losses)}")


def _train(training: "Pretraining", progress: _Progress, save_every: int) -> None:
    before, total = training.done, training.recipe.steps
    if before:
        _print(f"resuming after step {before} of {total}")
    progress.began = time.monotonic()
    recent: list[dict[str, float]] = []
    while training.done < total and not progress.is_over():
        recent.append(training.train_step())
        if training.done % save_every == 0:
            training.save()
            progress.steps(before, training.done, total, {n: float(np.mean([r[n] for r in recent])) for n in recent[0]})
            recent = []
    training.save()


def _format(numbers: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in numbers.items())


def _print(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    recipe = PretrainingRecipe()
    parser = argparse.ArgumentParser(
        prog="python -m core.backbones.starter.pretrain", description="Pretrain the starter."
    )
    folder = Settings.from_environment().cache / "starter"
    parser.add_argument(
        "--folder", type=Path, default=folder, help="folder of images (5 GB) and checkpoints (default: %(default)s)"
    )
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="file of the weights (default: %(default)s)")
    parser.add_argument(
        "--images-per-class", type=int, default=recipe.images_per_class, help="images per class (default: %(default)s)"
    )
    parser.add_argument("--steps", type=int, default=recipe.steps, help="training steps (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=recipe.batch, help="images per batch (default: %(default)s)")
    parser.add_argument("--minutes", type=float, help="time limit; the next start resumes")
    parser.add_argument("--save-every", type=int, default=200, help="steps between checkpoints (default: %(default)s)")
    given = parser.parse_args(arguments)
    recipe = replace(recipe, images_per_class=given.images_per_class, steps=given.steps, batch=given.batch)
    try:
        pretrain(recipe, given.folder, given.output, minutes=given.minutes, save_every=given.save_every)
    except GraftError as error:
        _print(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
