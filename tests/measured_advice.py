"""Measurements of choices, as jobs store them, without measuring anything."""

from core.advice.estimate import GroupedEstimate
from core.advice.freezing_curve import FreezingCurve, FreezingPoint, Trial
from core.backbones.zoo import BACKBONES
from core.catalog import jobs
from core.catalog.database import Database
from core.catalog.labels import list_labels
from core.dataset.manifest import SPLIT_NAMES
from core.jobs.specs import FreezingCurveResult, FreezingCurveSpec
from core.training.recipe import Backbone, Recipe, dump_recipe

RECIPE = Recipe(backbone=Backbone(name="Starter", weights="starter"))
CUTS = BACKBONES["Starter"].cuts


def estimate(value: float, reach: float = 0.05) -> GroupedEstimate:
    return GroupedEstimate(value=value, low=value - reach, high=value + reach)


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


def add_curve(
    database: Database,
    project: str,
    measured: FreezingCurve,
    images: dict[str, tuple[int, int, int]] | None = None,
    recipe: Recipe = RECIPE,
) -> None:
    """A finished measurement, of the project's images unless others are given."""
    if images is None:
        splits = {label.name: label.splits for label in list_labels(database, project)}
        images = {name: tuple(counts.get(split, 0) for split in SPLIT_NAMES) for name, counts in splits.items()}
    job = jobs.add_job(database, project, FreezingCurveSpec(recipe=dump_recipe(recipe)))
    jobs.start_job(database, job)
    result = FreezingCurveResult(curve=measured.model_dump(mode="json"), images=images)
    jobs.end_job(database, job, "finished", result)
