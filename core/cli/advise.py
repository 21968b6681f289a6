"""`python -m core advise`: measure on images which network and recipe suit, what to freeze, and if more images help."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from core.advice.backbone_comparison import BackboneComparison
from core.advice.freezing_curve import FreezingCurve
from core.advice.learning_curve import LearningCurve
from core.advice.recipe_search import RecipeSearch
from core.checks.dataset import Dataset, ingested_dataset
from core.cli.ingested import SHOWN, read_images, refuse_question
from core.cli.train import (
    describe_search,
    make_progress,
    manifest_from,
    measurement_context,
    recipe_from,
    seconds_from,
    shares_from,
    with_bit_depth,
)
from core.dataset.manifest import TRAIN
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.plan import make_plan
from core.training.recipe import Recipe

TOPICS: Final = ("networks", "freezing", "photos", "recipe")
DEFAULT_SEARCH_SECONDS: Final = 120.0
Advice = BackboneComparison | FreezingCurve | LearningCurve | RecipeSearch


def run(options: argparse.Namespace, settings: Settings) -> None:
    """Ingest images, measure, and print what is recommended and how sure that is."""
    recipe, shares, budget = recipe_from(options), shares_from(options.split), seconds_from(options.budget, "--budget")
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
        topics = options.only or [topic for topic in TOPICS if topic != "recipe" or budget]
        result = _measure(topics, replace(dataset, splits=manifest.splits), recipe, budget, store, settings)
    if options.json:
        print(json.dumps({topic: _to_json(one) for topic, one in result}))
        return
    for _topic, one in result:
        print(one.sentence().replace("*", ""))
        if isinstance(one, BackboneComparison):
            print(one.sentence_of_heads())
        if isinstance(one, RecipeSearch):
            for tried in one.tried:
                print(f"  {tried.accuracy.value:6.1%}  {tried.seconds:6.1f} s  {tried.title}")
        print(one.caveat())


def _to_json(advice: Advice) -> dict[str, Any]:
    if isinstance(advice, RecipeSearch):
        return describe_search(advice)
    return advice.model_dump(mode="json") | {"sentence": advice.sentence()}


def _measure(
    topics: list[str], dataset: Dataset, recipe: Recipe, budget: float, store: OriginalStore, settings: Settings
) -> list[tuple[str, Advice]]:
    from core.jobs.advise import compare_backbones, measure_freezing_curve, measure_learning_curve
    from core.jobs.recipe_search import search_recipe

    context, seed = measurement_context(store, settings), recipe.seed
    # The search tries cuts as well, so the time is spent on cuts alone only if nothing else is asked for.
    of_cuts = 0.0 if "recipe" in topics else budget
    measures: dict[str, Callable[[], Advice]] = {
        "networks": lambda: compare_backbones(context, dataset, recipe, seed=seed),
        "freezing": lambda: measure_freezing_curve(context, dataset, recipe, budget=of_cuts, seed=seed),
        "photos": lambda: measure_learning_curve(context, dataset, recipe, seed=seed),
        "recipe": lambda: search_recipe(context, dataset, recipe, budget=budget or DEFAULT_SEARCH_SECONDS, seed=seed),
    }
    return [(topic, measures[topic]()) for topic in topics]
