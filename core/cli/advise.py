"""`python -m core advise`: measure on images which network to take, how much to freeze, and if more images help."""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from core.advice.backbone_comparison import BackboneComparison
from core.advice.freezing_curve import FreezingCurve
from core.advice.learning_curve import LearningCurve
from core.checks.dataset import Dataset, ingested_dataset
from core.cli.ingested import SHOWN, read_images, refuse_question
from core.cli.progress import print_event
from core.cli.train import make_progress, manifest_from, recipe_from, shares_from, with_bit_depth
from core.dataset.manifest import TRAIN
from core.errors import InputError
from core.jobs.events import Message
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.plan import make_plan
from core.training.recipe import Recipe

TOPICS: Final = ("networks", "freezing", "photos")
Advice = BackboneComparison | FreezingCurve | LearningCurve
_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600}


def run(options: argparse.Namespace, settings: Settings) -> None:
    """Ingest images, measure, and print what is recommended and how sure that is."""
    recipe, shares, budget = recipe_from(options), shares_from(options.split), seconds_from(options.budget)
    with tempfile.TemporaryDirectory(prefix="graft-advise-") as scratch:
        store = OriginalStore(Path(scratch) / "originals", Path(scratch) / "thumbnails")
        found = read_images(options, store, ask=refuse_question, on_progress=make_progress("Reading images", "images"))
        for line in found.lines(SHOWN):
            print(line, file=sys.stderr, flush=True)
        recipe = with_bit_depth(recipe, found.accepted)
        dataset = ingested_dataset(found.accepted, store)
        manifest = manifest_from(dataset, shares, recipe.seed)
        manifest.check()
        make_plan(recipe, classes=len(manifest.classes), training_images=len(manifest.rows(TRAIN)))
        result = _measure(
            options.only or TOPICS, replace(dataset, splits=manifest.splits), recipe, budget, store, settings
        )
    if options.json:
        print(json.dumps({topic: one.model_dump(mode="json") | {"sentence": one.sentence()} for topic, one in result}))
        return
    for _topic, one in result:
        print(one.sentence().replace("*", ""))
        if isinstance(one, BackboneComparison):
            print(one.sentence_of_heads())
        print(one.caveat())


def seconds_from(text: str) -> float:
    """Read a duration such as `90`, `90s`, `2m` or `1h` as seconds.

    Raises:
        InputError: It is none.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if match is None:
        raise InputError(f"--budget is {text!r}, not a duration.", "Write for example --budget 2m.")
    return float(match[1]) * _UNITS[match[2]]


def _measure(
    topics: list[str] | tuple[str, ...],
    dataset: Dataset,
    recipe: Recipe,
    budget: float,
    store: OriginalStore,
    settings: Settings,
) -> list[tuple[str, Advice]]:
    from core.jobs.advise import compare_backbones, measure_freezing_curve, measure_learning_curve
    from core.jobs.trials import MeasurementContext

    context = MeasurementContext(settings, store, make_progress, lambda sentence: print_event(Message(text=sentence)))
    measures: dict[str, Callable[[], Advice]] = {
        "networks": lambda: compare_backbones(context, dataset, recipe, seed=recipe.seed),
        "freezing": lambda: measure_freezing_curve(context, dataset, recipe, budget=budget, seed=recipe.seed),
        "photos": lambda: measure_learning_curve(context, dataset, recipe, seed=recipe.seed),
    }
    return [(topic, measures[topic]()) for topic in topics]
