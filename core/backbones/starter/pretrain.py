"""Pretrain the starter backbone on images drawn by formulas.

    python -m core.backbones.starter.pretrain [--folder DIR] [--output FILE] [--steps N] [--minutes M]

draws the images into the folder, trains with the fixed recipe, and writes the weights. Started again after a kill, or
after its minutes were over, it goes on from its last checkpoint; what a step sees depends on nothing but its number.
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
from core.backbones.starter.renderer import Album, open_album
from core.errors import GraftError, InputError
from core.settings import Settings

if TYPE_CHECKING:
    from core.backbones.starter.pretraining import Pretraining

WEIGHTS = Path(__file__).parents[3] / "assets" / "starter.weights.h5"


def pretrain(
    recipe: PretrainingRecipe, folder: Path, output: Path, *, minutes: float | None = None, save_every: int = 200
) -> None:
    """Draw, train, and write the weights.

    Args:
        recipe: Every choice.
        folder: For images and checkpoints; with the same folder a pretraining goes on.
        output: File of the weights, `*.weights.h5`.
        minutes: Stop after that time, with a checkpoint; None for never.
        save_every: Steps between two checkpoints.

    Raises:
        InputError: The output's name does not end as Keras wants it.
    """
    if not output.name.endswith(".weights.h5"):
        raise InputError(f"Weights cannot be written to {output.name!r}.", "Give a name that ends in .weights.h5.")
    clock = _Clock(minutes)
    album = open_album(folder, recipe.pages + 1, recipe.seed, recipe.image_size, clock.pages)
    from core.backbones.starter.pretraining import Pretraining, save_weights  # only now: the drawers need no Keras

    training = Pretraining(recipe, folder, Album(album.images[:-1], album.answers[:-1]))
    _train(training, clock, save_every)
    training.settle(Album(album.images[-1:], album.answers[-1:]))
    save_weights(training.network, output)
    unseen = training.accuracy(Album(album.images[-1:], album.answers[-1:]))
    _say(f"step {training.done} of {recipe.steps}; right answers on unseen images: {_listed(unseen)}")


class _Clock:
    """Says how far the work is and how long it still takes."""

    def __init__(self, minutes: float | None) -> None:
        self.began = time.monotonic()
        self.ends = float("inf") if minutes is None else self.began + 60 * minutes

    def is_over(self) -> bool:
        return time.monotonic() > self.ends

    def pages(self, done: int, of: int) -> None:
        _say(f"page {done} of {of} drawn")

    def steps(self, before: int, done: int, of: int, losses: dict[str, float]) -> None:
        left = (time.monotonic() - self.began) / (done - before) * (of - done)
        _say(f"step {done} of {of}, {left / 60:.1f} min left; losses: {_listed(losses)}")


def _train(training: "Pretraining", clock: _Clock, save_every: int) -> None:
    before, of = training.done, training.recipe.steps
    if before:
        _say(f"going on after step {before} of {of}")
    clock.began = time.monotonic()
    recent: list[dict[str, float]] = []
    while training.done < of and not clock.is_over():
        recent.append(training.advance())
        if training.done % save_every == 0:
            training.save()
            clock.steps(before, training.done, of, {n: float(np.mean([r[n] for r in recent])) for n in recent[0]})
            recent = []
    training.save()


def _listed(numbers: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in numbers.items())


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status."""
    recipe = PretrainingRecipe()
    parser = argparse.ArgumentParser(
        prog="python -m core.backbones.starter.pretrain", description="Pretrain the starter."
    )
    folder = Settings.from_environment().cache / "starter"
    parser.add_argument(
        "--folder", type=Path, default=folder, help="for images (5 GB) and checkpoints (default: %(default)s)"
    )
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="file of the weights (default: %(default)s)")
    parser.add_argument("--pages", type=int, default=recipe.pages, help="images a class (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=recipe.steps, help="batches (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=recipe.batch, help="images a batch (default: %(default)s)")
    parser.add_argument("--minutes", type=float, help="stop after that time, to go on another day")
    parser.add_argument("--save-every", type=int, default=200, help="steps between checkpoints (default: %(default)s)")
    given = parser.parse_args(arguments)
    recipe = replace(recipe, pages=given.pages, steps=given.steps, batch=given.batch)
    try:
        pretrain(recipe, given.folder, given.output, minutes=given.minutes, save_every=given.save_every)
    except GraftError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
