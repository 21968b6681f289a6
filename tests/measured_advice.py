"""Measurements of choices, as jobs store them, without measuring anything."""

from core.advice.backbone_comparison import HEADS, BackboneComparison, MeasuredBackbone, MeasuredHead
from core.advice.estimate import GroupedEstimate
from core.advice.freezing_curve import FreezingCurve, FreezingPoint, Trial
from core.advice.learning_curve import ClassGain, LearningCurve
from core.advice.recipe_search import RecipeSearch, TriedRecipe, fine_tuning_candidate, head_candidates
from core.backbones.zoo import BACKBONES
from core.catalog import jobs
from core.catalog.database import Database
from core.catalog.labels import list_labels
from core.dataset.manifest import SPLIT_NAMES
from core.jobs.specs import (
    CompareBackbonesResult,
    CompareBackbonesSpec,
    FindRecipeResult,
    FindRecipeSpec,
    FreezingCurveResult,
    FreezingCurveSpec,
    LearningCurveResult,
    LearningCurveSpec,
    Result,
    Spec,
)
from core.training.recipe import Backbone, Recipe, dump_recipe

RECIPE = Recipe(backbone=Backbone(name="Starter", weights="starter"))
CUTS = BACKBONES["Starter"].cuts


def estimate(value: float, reach: float = 0.05) -> GroupedEstimate:
    return GroupedEstimate(value=value, low=value - reach, high=value + reach)


def count_images(database: Database, project: str) -> dict[str, tuple[int, int, int]]:
    """The number of images in each split, by class."""
    splits = {label.name: label.splits for label in list_labels(database, project)}
    return {name: tuple(counts.get(split, 0) for split in SPLIT_NAMES) for name, counts in splits.items()}


def add_finished(database: Database, project: str, spec: Spec, result: Result) -> None:
    job = jobs.add_job(database, project, spec)
    jobs.start_job(database, job)
    jobs.end_job(database, job, "finished", result)


def add_comparison(database: Database, project: str, networks: int = 3) -> None:
    """Up to three networks, of which the starter is the fastest and the weakest."""
    found = [("MobileNetV2", 0.95, 200.0, True), ("MobileNet025", 0.94, 900.0, True), ("Starter", 0.7, 800.0, False)]
    comparison = BackboneComparison(
        images=36,
        folds=5,
        repeats=2,
        backbones=tuple(
            MeasuredBackbone(
                name=name,
                accuracy=estimate(value),
                below_best=estimate(0.95 - value),
                images_per_second=speed,
                megabytes=9.0,
                on_front=front,
            )
            for name, value, speed, front in found[-networks:]
        ),
        heads_of="Starter",
        heads=tuple(MeasuredHead(head=head, accuracy=estimate(0.7), below_best=estimate(0.0)) for head in HEADS),
        not_measured=("VGG16", "VGG19"),
    )
    result = CompareBackbonesResult(
        comparison=comparison.model_dump(mode="json"), images=count_images(database, project)
    )
    add_finished(database, project, CompareBackbonesSpec(recipe=dump_recipe(RECIPE)), result)


def add_learning_curve(database: Database, project: str) -> None:
    """A curve that still rises."""
    names = [label.name for label in list_labels(database, project)]
    measured = LearningCurve(
        network="Starter",
        images=36,
        sizes=(4.0, 8.0, 15.0, 29.0),
        accuracies=(0.5, 0.6, 0.7, 0.78),
        lows=(0.4, 0.5, 0.6, 0.7),
        highs=(0.6, 0.7, 0.8, 0.85),
        doubled=estimate(0.84),
        gain=GroupedEstimate(value=0.04, low=0.02, high=0.06),
        classes=tuple(
            ClassGain(name=name, images=18, recall=0.8, gain=GroupedEstimate(value=0.05, low=0.02, high=0.09))
            for name in names
        ),
    )
    result = LearningCurveResult(curve=measured.model_dump(mode="json"), images=count_images(database, project))
    add_finished(database, project, LearningCurveSpec(recipe=dump_recipe(RECIPE)), result)


def curve(*, trials: bool = False, recommended: int = 2) -> FreezingCurve:
    """A curve of the starter that rises with every cut."""
    trial = Trial(accuracy=estimate(0.9), below_best=estimate(0.0), images=36, trainings=5, seconds=12.0)
    return FreezingCurve(
        network="Starter",
        layers=BACKBONES["Starter"].layers,
        images=36,
        folds=5,
        repeats=2,
        points=tuple(
            FreezingPoint(
                cut=cut.name,
                label=cut.label,
                layers=cut.layers,
                probe=estimate(0.5 + row / 10),
                below_best=estimate(0.1),
                trial=trial if trials and row in (2, 4) else None,
            )
            for row, cut in enumerate(CUTS)
        ),
        recommended=CUTS[recommended].name,
        reason="trials" if trials else "probes",
    )


def add_search(database: Database, project: str) -> RecipeSearch:
    """A search that found fine-tuning to be better than the default."""
    default, *_, longer, _varied = head_candidates(RECIPE, RECIPE.backbone)
    tuned = fine_tuning_candidate(RECIPE, CUTS[1].name, 1e-3)
    found = RecipeSearch(
        network="Starter",
        images=36,
        budget=120,
        seconds=118.0,
        tried=tuple(
            TriedRecipe(
                title=one.title,
                recipe=dump_recipe(one.recipe),
                accuracy=estimate(value),
                gain=None if one is default else estimate(value - 0.7),
                images=36,
                trainings=5,
                seconds=9.0,
            )
            for one, value in ((default, 0.7), (longer, 0.72), (tuned, 0.8))
        ),
        best=2,
        left_out=("fine-tuning of all layers",),
    )
    result = FindRecipeResult(search=found.model_dump(mode="json"), images=count_images(database, project))
    add_finished(database, project, FindRecipeSpec(recipe=dump_recipe(RECIPE), budget_seconds=120), result)
    return found


def add_curve(
    database: Database,
    project: str,
    measured: FreezingCurve,
    images: dict[str, tuple[int, int, int]] | None = None,
    recipe: Recipe = RECIPE,
    *,
    fingerprint: str = "",
) -> None:
    """A finished measurement, of the project's images unless others are given."""
    result = FreezingCurveResult(
        curve=measured.model_dump(mode="json"),
        images=count_images(database, project) if images is None else images,
        fingerprint=fingerprint,
    )
    add_finished(database, project, FreezingCurveSpec(recipe=dump_recipe(recipe)), result)
