"""Jobs that measure, on the images of a project, what to choose."""

from typing import ClassVar, Literal

from core.jobs.specs.base import JsonObject, Resource, Result, Spec


class MeasurementResult(Result):
    """What was measured.

    Attributes:
        images: Number of images of the train, validation and test splits, by class.
        fingerprint: Hash of the images with their classes, splits and groups: others, another measurement. Empty in
            measurements of before it existed.
    """

    images: dict[str, tuple[int, int, int]]
    fingerprint: str = ""


class MeasurementSpec(Spec):
    """A measurement with a recipe.

    Attributes:
        recipe: A `core.training.recipe.Recipe` as JSON.
        seed: Of the folds and of everything else that is drawn.
    """

    resource: ClassVar[Resource] = "train"
    timeout_seconds: ClassVar[float] = 60 * 60
    grace_seconds: ClassVar[float] = 60
    result: ClassVar[type[Result]] = MeasurementResult
    recipe: str
    seed: int = 0


class FreezingCurveResult(MeasurementResult):
    """A freezing curve.

    Attributes:
        curve: A `core.advice.freezing_curve.FreezingCurve` as JSON.
    """

    curve: JsonObject


class FreezingCurveSpec(MeasurementSpec):
    """Measure what the layers up to each cut of a network know about the classes of a project.

    Attributes:
        budget_seconds: Time for short trainings at some cuts; 0 for none.
    """

    kind: Literal["freezing-curve"] = "freezing-curve"
    handler: ClassVar[str] = "core.jobs.handlers.advise:freezing_curve"
    result: ClassVar[type[Result]] = FreezingCurveResult
    budget_seconds: int = 0


class CompareBackbonesResult(MeasurementResult):
    """The networks.

    Attributes:
        comparison: A `core.advice.backbone_comparison.BackboneComparison` as JSON.
    """

    comparison: JsonObject


class CompareBackbonesSpec(MeasurementSpec):
    """Measure every network whose weights are on this machine; the recipe has the chosen one."""

    kind: Literal["compare-backbones"] = "compare-backbones"
    handler: ClassVar[str] = "core.jobs.handlers.advise:compare_backbones"
    result: ClassVar[type[Result]] = CompareBackbonesResult


class FindRecipeResult(MeasurementResult):
    """The recipes.

    Attributes:
        search: A `core.advice.recipe_search.RecipeSearch` as JSON.
    """

    search: JsonObject


class FindRecipeSpec(MeasurementSpec):
    """Try recipes with the network of a recipe, and find the best.

    Attributes:
        budget_seconds: Time for it.
    """

    kind: Literal["find-recipe"] = "find-recipe"
    handler: ClassVar[str] = "core.jobs.handlers.advise:find_recipe"
    result: ClassVar[type[Result]] = FindRecipeResult
    budget_seconds: int


class LearningCurveResult(MeasurementResult):
    """A learning curve.

    Attributes:
        curve: A `core.advice.learning_curve.LearningCurve` as JSON.
    """

    curve: JsonObject


class LearningCurveSpec(MeasurementSpec):
    """Measure whether more images would help; the network of the recipe computes the features."""

    kind: Literal["learning-curve"] = "learning-curve"
    handler: ClassVar[str] = "core.jobs.handlers.advise:learning_curve"
    result: ClassVar[type[Result]] = LearningCurveResult
