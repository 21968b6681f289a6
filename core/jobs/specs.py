"""The contract between whoever asks for work and the worker that does it.

Each kind of job has one model of its arguments (a spec) and one of its result. A page builds a spec, `core.jobs.queue`
stores it as JSON, and the worker hands it, typed again, to the handler that the spec names by a dotted string; so the
web process imports no handler. Paths are relative to the workspace, for another machine may see it elsewhere; only
sources that a person named outside it are absolute. `Settings.relative` and `Settings.resolve` convert them.

To add a kind: a spec and a result here, both in the unions at the end, and the handler `(context, spec) -> result` in
`core/jobs/handlers/`. Nothing else spells the kind's name.
"""

from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

Resource = Literal["train", "quick", "data"]
JsonObject = dict[str, JsonValue]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class Result(_Frozen):
    """What a handler returns, as it is stored when the job has finished."""


class Spec(_Frozen):
    """The arguments of one kind of job.

    Attributes:
        kind: The kind's name, as it is stored.
        handler: Dotted name of the function that does the work, `module:function`.
        resource: Which workers take it: `train` (one job at a time, for minutes), `quick` (models stay loaded, for
            answers in under a second) or `data` (no framework).
        timeout_seconds: Longest time without an event, after which the worker is killed.
        grace_seconds: The same after a stop request.
        result: Model of what the handler returns.
    """

    kind: str
    handler: ClassVar[str]
    resource: ClassVar[Resource]
    timeout_seconds: ClassVar[float] = 15 * 60
    grace_seconds: ClassVar[float] = 10
    result: ClassVar[type[Result]]

    @classmethod
    def kind_name(cls) -> str:
        """Name of the kind, for queries."""
        return str(cls.model_fields["kind"].default)


class SplitGroup(_Frozen):
    """Images that stay in one split.

    Attributes:
        name: Of the group that a table or a person named, or of its first image.
        kinds: Why they belong together: `copies`, `burst`, `scene`, `group`.
        images: How many they are, at least 2.
        splits: Where they are; several only where they were fixed so.
    """

    name: str
    kinds: tuple[str, ...]
    images: int
    splits: tuple[str, ...]


class SplitGroups(_Frozen):
    """All groups of a project that stay in one split.

    Attributes:
        groups: How many there are.
        images: How many images they have together.
        largest: The largest of them, in descending order.
    """

    groups: int
    images: int
    largest: tuple[SplitGroup, ...]


class GuessedClass(_Frozen):
    """A class that file names suggest.

    Attributes:
        name: As most of the files spell it.
        images: How many files name it.
        examples: Some of their names.
    """

    name: str
    images: int
    examples: tuple[str, ...]


class ClassGuess(_Frozen):
    """Classes that were read off file names, for a person to confirm.

    Attributes:
        classes: The classes.
        unnamed: How many images have a name that suggests none.
    """

    classes: tuple[GuessedClass, ...]
    unnamed: int


class TableColumn(_Frozen):
    """A column of a table, with some of its cells."""

    name: str
    examples: tuple[str, ...]


class TableQuestion(_Frozen):
    """A table that names images, and of which a person has to say which column is the class.

    Attributes:
        table: Its path in the upload.
        columns: Its columns.
        file: Name of the column that names the images.
        images: How many images it names.
    """

    table: str
    columns: tuple[TableColumn, ...]
    file: str
    images: int


class NameReading(_Frozen):
    """How file names of a zip read in one encoding.

    Attributes:
        encoding: Its name.
        names: Some of the file names.
    """

    encoding: str
    names: tuple[str, ...]


class NameQuestion(_Frozen):
    """A zip whose file names do not say their encoding.

    Attributes:
        archive: Its name.
        readings: The encodings in which they can be read, the guessed one first.
    """

    archive: str
    readings: tuple[NameReading, ...]


class TableColumns(_Frozen):
    """A person's choice of columns; no `label` if the table has no classes."""

    file: str | None = None
    label: str | None = None


class WebLink(_Frozen):
    """Address of an image, with its class if the list names one."""

    url: str
    label: str | None = None


class TrainResult(Result):
    """Seconds spent in each stage of a run. Its figures are in the run's summary and report."""

    seconds: dict[str, float]


class TrainSpec(Spec):
    """Train and evaluate a run: the job's id is the run's, which has the recipe and the manifest."""

    kind: Literal["train"] = "train"
    handler: ClassVar[str] = "core.jobs.handlers.train:train"
    resource: ClassVar[Resource] = "train"
    timeout_seconds: ClassVar[float] = 60 * 60
    grace_seconds: ClassVar[float] = 60
    result: ClassVar[type[Result]] = TrainResult


class IngestResult(Result):
    """What came of the files.

    Attributes:
        accepted: Images that were added.
        rejected: Files that were not; the catalog has the reasons.
        already_present: Images that the project had before: when copying from another project, or named by a table.
        guess: Classes to confirm; nothing was added then.
        split_groups: Groups that stay in one split; None without any.
        question: A table whose columns a person has to choose; nothing was added then.
        names: A zip whose file names a person should see first; nothing was added then.
        relabelled: Images that were there before, and got the class that a table gives now.
        corrected: Images that were there before, and got the class, the split or the group that a table gives now.
    """

    accepted: int
    rejected: int
    already_present: int = 0
    guess: ClassGuess | None = None
    split_groups: SplitGroups | None = None
    question: TableQuestion | None = None
    names: NameQuestion | None = None
    relabelled: int = 0
    corrected: int = 0


class IngestSpec(Spec):
    """Add images to a project, from one of four sources.

    Attributes:
        paths: Source 1: files and folders.
        links: Source 2: addresses in the web.
        sample: Source 3: name of a sample set.
        from_project: Source 4: id of another project.
        from_classes: Ids of the classes of `from_project` to copy.
        label: Class of files that have none of their own.
        group: Group of all images, which keeps them in one split.
        images_only: Whether each path is an image, and none is an archive or a table.
        remove_uploads: Remove `paths` at the end, if they are uploads.
        class_names: A person's answer to a guess: the class for each guessed name, None for no class; the empty name
            stands for the files whose names suggest none.
        columns: A person's choices of columns, by path of the table in the upload.
        name_encoding: A person's choice for file names in zips that do not say their encoding.
    """

    kind: Literal["ingest"] = "ingest"
    handler: ClassVar[str] = "core.jobs.handlers.ingest:ingest"
    resource: ClassVar[Resource] = "data"
    result: ClassVar[type[Result]] = IngestResult
    paths: tuple[str, ...] = ()
    links: tuple[WebLink, ...] = ()
    sample: str | None = None
    from_project: str | None = None
    from_classes: tuple[str, ...] = ()
    label: str | None = None
    group: str | None = None
    images_only: bool = False
    remove_uploads: bool = False
    class_names: dict[str, str | None] | None = None
    columns: dict[str, TableColumns] = {}
    name_encoding: str | None = None


class ExportDatasetResult(Result):
    """The zip.

    Attributes:
        path: Of the zip.
        images: How many are in it.
        missing: Names of images whose files are gone.
    """

    path: str
    images: int
    missing: tuple[str, ...]


class ExportDatasetSpec(Spec):
    """Write all images of a project, with classes, splits and groups, as one zip."""

    kind: Literal["export-dataset"] = "export-dataset"
    handler: ClassVar[str] = "core.jobs.handlers.export_dataset:export_dataset"
    resource: ClassVar[Resource] = "data"
    result: ClassVar[type[Result]] = ExportDatasetResult


class SplitDatasetResult(Result):
    """Groups that stay in one split; None without any."""

    split_groups: SplitGroups | None = None


class SplitDatasetSpec(Spec):
    """Draw the splits of a project again.

    Attributes:
        shares: Of train, validation and test, in any unit; None for the default.
        seed: Of the draw.
    """

    kind: Literal["split-dataset"] = "split-dataset"
    handler: ClassVar[str] = "core.jobs.handlers.split_dataset:split_dataset"
    resource: ClassVar[Resource] = "data"
    result: ClassVar[type[Result]] = SplitDatasetResult
    shares: tuple[float, float, float] | None = None
    seed: int = 0


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


class DownloadWeightsResult(Result):
    """Nothing: the file is where Keras looks for it."""


class DownloadWeightsSpec(Spec):
    """Download the ImageNet weights of a backbone.

    Attributes:
        backbone: Its name.
    """

    kind: Literal["download-weights"] = "download-weights"
    handler: ClassVar[str] = "core.jobs.handlers.download_weights:download_weights"
    resource: ClassVar[Resource] = "data"
    result: ClassVar[type[Result]] = DownloadWeightsResult
    backbone: str


class PredictResult(Result):
    """Predictions, one row a picture.

    Attributes:
        classes: Names of the classes.
        probabilities: (n_pictures, n_classes).
        out_of_distribution: (n_pictures,) whether a picture is unlike all training images; None where the model has no
            threshold for it.
    """

    classes: tuple[str, ...]
    probabilities: tuple[tuple[float, ...], ...]
    out_of_distribution: tuple[bool, ...] | None = None


class PredictSpec(Spec):
    """Classify pictures.

    Attributes:
        run: Id of the run whose model answers.
        paths: Of the pictures.
    """

    kind: Literal["predict"] = "predict"
    handler: ClassVar[str] = "core.jobs.handlers.models:predict"
    resource: ClassVar[Resource] = "quick"
    result: ClassVar[type[Result]] = PredictResult
    run: str
    paths: tuple[str, ...]


class PredictFilesResult(Result):
    """What became of the files; their predictions are in the job's `core.use.prediction_store`.

    Attributes:
        files: How many there are.
        unreadable: How many of them cannot be read.
    """

    files: int
    unreadable: int


class PredictFilesSpec(Spec):
    """Classify many files, with copies of the images to look through.

    Attributes:
        run: Id of the run whose model answers.
        folder: Of the uploads: images, folders and archives; removed at the end.
    """

    kind: Literal["predict-files"] = "predict-files"
    handler: ClassVar[str] = "core.jobs.handlers.predict_files:predict_files"
    resource: ClassVar[Resource] = "train"
    result: ClassVar[type[Result]] = PredictFilesResult
    run: str
    folder: str


class ExplainResult(Result):
    """Two images of the same size.

    Attributes:
        image: Path of the square that the network sees.
        heatmap: Path of the heat map of it, in grey.
    """

    image: str
    heatmap: str


class ExplainSpec(Spec):
    """Compute which parts of a picture support a class.

    Attributes:
        run: Id of the run.
        digest: Of an image of the project; or
        path: of another picture.
        name: File name of the picture, which may declare its format.
        class_index: Which class.
        method: A key of `core.evaluation.explanation.saliency.EXPLANATIONS`.
    """

    kind: Literal["explain"] = "explain"
    handler: ClassVar[str] = "core.jobs.handlers.models:explain"
    resource: ClassVar[Resource] = "quick"
    result: ClassVar[type[Result]] = ExplainResult
    run: str
    digest: str | None = None
    path: str | None = None
    name: str = ""
    class_index: int
    method: str


class TsneResult(Result):
    """Where the map is.

    Attributes:
        path: Of the file with the coordinates.
        images: How many it has.
    """

    path: str
    images: int


class TsneSpec(Spec):
    """Arrange the images of a run by t-SNE.

    Attributes:
        run: Id of the run.
        features_changed_at: When the run's features were written, in nanoseconds: other features, another map.
    """

    kind: Literal["tsne"] = "tsne"
    handler: ClassVar[str] = "core.jobs.handlers.tsne:tsne"
    resource: ClassVar[Resource] = "data"
    result: ClassVar[type[Result]] = TsneResult
    run: str
    features_changed_at: int = 0


class ExportModelResult(Result):
    """The bundle.

    Attributes:
        path: Of the zip.
        certificate: A `core.export.certificate.Certificate` as JSON.
    """

    path: str
    certificate: JsonObject


class ExportModelSpec(Spec):
    """Pack the bundle of a run.

    Attributes:
        run: Id of the run.
        formats: Keys of `core.export.formats.FORMATS`, sorted.
    """

    kind: Literal["export-model"] = "export-model"
    handler: ClassVar[str] = "core.jobs.handlers.models:export_model"
    resource: ClassVar[Resource] = "quick"
    timeout_seconds: ClassVar[float] = 30 * 60
    result: ClassVar[type[Result]] = ExportModelResult
    run: str
    formats: tuple[str, ...]


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
