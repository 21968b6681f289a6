"""Jobs that use or explain the model of a run."""

from typing import ClassVar, Literal

from core.jobs.specs.base import JsonObject, Resource, Result, Spec


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
