"""Jobs that check the images of a project."""

from typing import ClassVar, Literal

from core.jobs.specs.base import JsonObject, Resource, Result, Spec


class CheckResult(Result):
    """What the checks found.

    Attributes:
        images: How many were checked.
        network: Name of the backbone that computed the features; empty without one.
        findings: Each a `core.checks.findings.Finding` as JSON.
        split_comparison: A `core.advice.split_comparison.SplitComparison` as JSON; None without two splits to compare.
    """

    images: int
    network: str
    findings: tuple[JsonObject, ...]
    split_comparison: JsonObject | None = None


class CheckSpec(Spec):
    """Check the images of a project.

    Attributes:
        recipe: A `core.training.recipe.Recipe` as JSON, whose backbone computes the features; None for one that is on
            this machine.
    """

    kind: Literal["check"] = "check"
    handler: ClassVar[str] = "core.jobs.handlers.checks:check"
    resource: ClassVar[Resource] = "train"
    timeout_seconds: ClassVar[float] = 60 * 60
    result: ClassVar[type[Result]] = CheckResult
    recipe: str | None = None


class CrossValidateResult(Result):
    """What the folds measured.

    Attributes:
        network: Name of the backbone that computed the features.
        measured: A `core.advice.cross_validation.CrossValidation` as JSON.
    """

    network: str
    measured: JsonObject


class CrossValidateSpec(Spec):
    """Test every image of a project once, by a head that was trained on the other folds.

    Attributes:
        folds: How many.
        seed: Of the folds.
        include_test: Whether the images of the test split take part.
        recipe: As in `CheckSpec`.
    """

    kind: Literal["cross-validate"] = "cross-validate"
    handler: ClassVar[str] = "core.jobs.handlers.checks:cross_validate"
    resource: ClassVar[Resource] = "train"
    result: ClassVar[type[Result]] = CrossValidateResult
    folds: int
    seed: int = 0
    include_test: bool = False
    recipe: str | None = None
