"""Jobs that measure, on the images of a project, what to choose."""

from typing import ClassVar, Literal

from core.jobs.specs.base import JsonObject, Resource, Result, Spec


class FreezingCurveResult(Result):
    """What was measured.

    Attributes:
        curve: A `core.advice.freezing_curve.FreezingCurve` as JSON.
        images: Number of images of the train, validation and test splits, by class: others, another curve.
    """

    curve: JsonObject
    images: dict[str, tuple[int, int, int]]


class FreezingCurveSpec(Spec):
    """Measure what the layers up to each cut of a network know about the classes of a project.

    Attributes:
        recipe: A `core.training.recipe.Recipe` as JSON.
        budget_seconds: Time for short trainings at some cuts; 0 for none.
        seed: Of the folds.
    """

    kind: Literal["freezing-curve"] = "freezing-curve"
    handler: ClassVar[str] = "core.jobs.handlers.advise:freezing_curve"
    resource: ClassVar[Resource] = "train"
    timeout_seconds: ClassVar[float] = 60 * 60
    grace_seconds: ClassVar[float] = 60
    result: ClassVar[type[Result]] = FreezingCurveResult
    recipe: str
    budget_seconds: int = 0
    seed: int = 0


class CompareBackbonesResult(Result):
    """What was measured.

    Attributes:
        comparison: A `core.advice.backbone_comparison.BackboneComparison` as JSON.
        images: As in `FreezingCurveResult`.
    """

    comparison: JsonObject
    images: dict[str, tuple[int, int, int]]


class CompareBackbonesSpec(Spec):
    """Measure every network whose weights are on this machine on the images of a project.

    Attributes:
        recipe: A `core.training.recipe.Recipe` as JSON, with the chosen network.
        seed: Of the folds.
    """

    kind: Literal["compare-backbones"] = "compare-backbones"
    handler: ClassVar[str] = "core.jobs.handlers.advise:compare_backbones"
    resource: ClassVar[Resource] = "train"
    timeout_seconds: ClassVar[float] = 60 * 60
    grace_seconds: ClassVar[float] = 60
    result: ClassVar[type[Result]] = CompareBackbonesResult
    recipe: str
    seed: int = 0


class LearningCurveResult(Result):
    """What was measured.

    Attributes:
        curve: A `core.advice.learning_curve.LearningCurve` as JSON.
        images: As in `FreezingCurveResult`.
    """

    curve: JsonObject
    images: dict[str, tuple[int, int, int]]


class LearningCurveSpec(Spec):
    """Measure whether more images would help.

    Attributes:
        recipe: A `core.training.recipe.Recipe` as JSON, whose network computes the features.
        seed: Of the folds and the subsets.
    """

    kind: Literal["learning-curve"] = "learning-curve"
    handler: ClassVar[str] = "core.jobs.handlers.advise:learning_curve"
    resource: ClassVar[Resource] = "train"
    timeout_seconds: ClassVar[float] = 60 * 60
    grace_seconds: ClassVar[float] = 60
    result: ClassVar[type[Result]] = LearningCurveResult
    recipe: str
    seed: int = 0
