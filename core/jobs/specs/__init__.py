"""The contract between whoever asks for work and the worker that does it.

Each kind of job has one model of its arguments (a spec) and one of its result. A page builds a spec, `core.jobs.queue`
stores it as JSON, and the worker hands it, typed again, to the handler that the spec names by a dotted string; so the
web process imports no handler. Paths are relative to the workspace, for another machine may see it elsewhere; only
sources that a person named outside it are absolute. `Settings.relative` and `Settings.resolve` convert them.

To add a kind: a spec and a result in the module of its subject, the spec in `JobSpec` below, and the handler
`(context, spec) -> result` in `core/jobs/handlers/`. Nothing else spells the kind's name.
"""

from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter

from core.jobs.specs.advice import (
    CompareBackbonesResult,
    CompareBackbonesSpec,
    FindRecipeResult,
    FindRecipeSpec,
    FreezingCurveResult,
    FreezingCurveSpec,
    LearningCurveResult,
    LearningCurveSpec,
    MeasurementResult,
    MeasurementSpec,
)
from core.jobs.specs.base import (
    JsonObject,
    Resource,
    Result,
    Spec,
)
from core.jobs.specs.checks import (
    CheckResult,
    CheckSpec,
    CrossValidateResult,
    CrossValidateSpec,
)
from core.jobs.specs.images import (
    ClassGuess,
    ExportDatasetResult,
    ExportDatasetSpec,
    GuessedClass,
    IngestResult,
    IngestSpec,
    NameQuestion,
    NameReading,
    SplitDatasetResult,
    SplitDatasetSpec,
    SplitGroup,
    SplitGroups,
    TableColumn,
    TableColumns,
    TableQuestion,
    WebLink,
)
from core.jobs.specs.models import (
    ExplainResult,
    ExplainSpec,
    ExportModelResult,
    ExportModelSpec,
    PredictFilesResult,
    PredictFilesSpec,
    PredictResult,
    PredictSpec,
    TsneResult,
    TsneSpec,
)
from core.jobs.specs.training import (
    DownloadWeightsResult,
    DownloadWeightsSpec,
    TrainResult,
    TrainSpec,
)

__all__ = [
    "SPECS",
    "CheckResult",
    "CheckSpec",
    "ClassGuess",
    "CompareBackbonesResult",
    "CompareBackbonesSpec",
    "CrossValidateResult",
    "CrossValidateSpec",
    "DownloadWeightsResult",
    "DownloadWeightsSpec",
    "ExplainResult",
    "ExplainSpec",
    "ExportDatasetResult",
    "ExportDatasetSpec",
    "ExportModelResult",
    "ExportModelSpec",
    "FindRecipeResult",
    "FindRecipeSpec",
    "FreezingCurveResult",
    "FreezingCurveSpec",
    "GuessedClass",
    "IngestResult",
    "IngestSpec",
    "JobSpec",
    "JsonObject",
    "LearningCurveResult",
    "LearningCurveSpec",
    "MeasurementResult",
    "MeasurementSpec",
    "NameQuestion",
    "NameReading",
    "PredictFilesResult",
    "PredictFilesSpec",
    "PredictResult",
    "PredictSpec",
    "Resource",
    "Result",
    "Spec",
    "SplitDatasetResult",
    "SplitDatasetSpec",
    "SplitGroup",
    "SplitGroups",
    "TableColumn",
    "TableColumns",
    "TableQuestion",
    "TrainResult",
    "TrainSpec",
    "TsneResult",
    "TsneSpec",
    "WebLink",
    "dump_arguments",
    "load_result",
    "load_spec",
]

JobSpec = (
    TrainSpec
    | IngestSpec
    | ExportDatasetSpec
    | SplitDatasetSpec
    | CheckSpec
    | CrossValidateSpec
    | FreezingCurveSpec
    | CompareBackbonesSpec
    | LearningCurveSpec
    | FindRecipeSpec
    | DownloadWeightsSpec
    | PredictSpec
    | PredictFilesSpec
    | ExplainSpec
    | TsneSpec
    | ExportModelSpec
)
_SPEC: TypeAdapter[JobSpec] = TypeAdapter(Annotated[JobSpec, Field(discriminator="kind")])
SPECS: dict[str, type[Spec]] = {one.kind_name(): one for one in get_args(JobSpec)}


def dump_arguments(spec: Spec) -> dict[str, Any]:
    """Give the arguments of a job as JSON, without its kind."""
    return spec.model_dump(mode="json", exclude={"kind"})


def load_spec(kind: str, arguments: dict[str, Any]) -> JobSpec:
    """Read a spec back.

    Raises:
        pydantic.ValidationError: This version knows no such kind, or not with these arguments.
    """
    return _SPEC.validate_python({**arguments, "kind": kind})


def load_result(kind: str, result: dict[str, Any]) -> Result:
    """Read the result of a job of this kind back.

    Raises:
        KeyError: This version knows no such kind.
        pydantic.ValidationError: It is no result of this kind.
    """
    return SPECS[kind].result.model_validate(result)
