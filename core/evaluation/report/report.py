"""The report of a run: everything that was measured, as versioned JSON beside its model.

It is the contract between the workers, the pages, the command line and the bundle. `assets/report-schema.json`
describes it to other programs. Everything under `metrics`, `confusion`, `curves` and `mistakes` can be computed again
from `predictions.csv`.

All shares are between 0 and 1, all intervals are 95% intervals, and classes are given by name.
"""

import json
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import InputError, NotFoundError
from core.evaluation.metrics.intervals import Interval
from core.storage.atomic import write_atomic

VERSION: Final = 2
REPORT_FILE: Final = "report.json"


class Part(BaseModel):
    """Base of all parts: immutable, and without undocumented fields."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, json_schema_serialization_defaults_required=True
    )


class Estimate(Part):
    """A measured number with its uncertainty.

    Attributes:
        value: The number.
        interval: Its 95% interval; None where there are too few images for an honest one.
    """

    value: float
    interval: Interval | None


class SplitMetrics(Part):
    """How good the exported model is on one split.

    Attributes:
        images: Images measured.
        accuracy: Share of images whose predicted class is their label.
        interval: 95% interval of the accuracy.
        loss: Mean cross-entropy in nats.
    """

    images: int
    accuracy: float
    interval: Interval
    loss: float


class ClassMetrics(Part):
    """One class against the rest, on the test split.

    Attributes:
        name: The class.
        support: Test images of this class.
        predicted: Test images predicted as this class.
        correct: Test images of this class predicted as it (true positives).
        precision: `correct` / `predicted`; 0 where the class was never predicted.
        precision_interval: Its interval; None where the class was never predicted.
        recall: `correct` / `support`; 0 where the class has no test image.
        recall_interval: Its interval; None where the class has no test image.
        f1: Harmonic mean of precision and recall.
        f1_interval: From the interval of correct / (support + predicted - correct), of which F1 is a function; None
            where that is 0 / 0.
        roc_auc: Area under the ROC curve, one against the rest; None where the class has no test image, or all of them.
        average_precision: Area under the precision-recall curve; None where the class has no test image.
    """

    name: str
    support: int
    predicted: int
    correct: int
    precision: float
    precision_interval: Interval | None
    recall: float
    recall_interval: Interval | None
    f1: float
    f1_interval: Interval | None
    roc_auc: float | None
    average_precision: float | None


class AUC(Part):
    """Areas under the curves of all classes together.

    Attributes:
        roc_macro: Mean ROC AUC of the classes.
        roc_micro: ROC AUC over all pairs of image and class.
        average_precision_macro: Mean average precision of the classes.
        average_precision_micro: Average precision over all pairs of image and class.
    """

    roc_macro: float | None
    roc_micro: float | None
    average_precision_macro: float | None
    average_precision_micro: float | None


class TestMetrics(SplitMetrics):
    """How good the exported model is on the images that no choice was made with.

    Attributes:
        balanced_accuracy: Mean recall over the classes.
        macro_f1: Mean F1 over the classes.
        weighted_f1: Mean F1, each class weighted by its images.
        auc: Areas under the curves of all classes together.
        more_images: Test images to add for an accuracy interval of +-5 points; 0 where there are enough.
        per_class: One entry a class, in the order of `Report.classes`.
        relabelled_by_model: Test images whose label was changed after a network had disagreed with it. This raises the
            accuracy.
    """

    __test__ = False  # not a test for pytest to collect

    balanced_accuracy: Estimate
    macro_f1: Estimate
    weighted_f1: float
    auc: AUC
    more_images: int
    per_class: tuple[ClassMetrics, ...]
    relabelled_by_model: int = 0


class Metrics(Part):
    """The metrics of each split.

    Attributes:
        train: Of the training images; measured on at most a fixed number of them.
        validation: Of the images by which the best epoch and the temperature were chosen.
        test: Of the images by which nothing was chosen.
    """

    train: SplitMetrics
    validation: SplitMetrics
    test: TestMetrics


class Baselines(Part):
    """Accuracies on the test split that need no learning.

    Attributes:
        largest_class: The most frequent class of the training images.
        largest_class_accuracy: Accuracy of always predicting it.
        nearest_pixels_accuracy: Accuracy of predicting the class of the training image whose 16 x 16 pixels are
            nearest.
    """

    largest_class: str
    largest_class_accuracy: float
    nearest_pixels_accuracy: float


class Diagram(Part):
    """A reliability diagram: bins of equal width over the confidence from 0 to 1.

    Attributes:
        counts: Test images in each bin.
        confidence: Their mean confidence; 0 where there is none.
        accuracy: Share of them predicted correctly; 0 where there is none.
        error: Expected calibration error.
    """

    counts: tuple[int, ...]
    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]
    error: float


class Calibration(Part):
    """How well confidence agrees with accuracy.

    Attributes:
        temperature: The number by which the exported model divides its logits; 1 where no correction is needed.
        fitted: The temperature fitted on the validation split.
        applied: Whether the exported model uses it, because it differs enough from 1.
        validation_loss: Cross-entropy of the validation split, without and with the fitted temperature.
        before: Test split, without a temperature.
        after: Test split, with the fitted temperature.
    """

    temperature: float
    fitted: float
    applied: bool
    validation_loss: tuple[float, float]
    before: Diagram
    after: Diagram


class Curve(Part):
    """The points of one curve, thinned for drawing.

    Attributes:
        x: False positive rate (ROC) or recall (precision-recall).
        y: True positive rate (ROC) or precision (precision-recall).
        thresholds: Probability from which an image is predicted as the class; None where none is.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    thresholds: tuple[float | None, ...]


class Curves(Part):
    """ROC and precision-recall curves of the test split, by class name; None where a class has none.

    Attributes:
        roc: One curve a class.
        precision_recall: One curve a class.
        roc_micro: All pairs of image and class.
        precision_recall_micro: All pairs of image and class.
    """

    roc: dict[str, Curve | None]
    precision_recall: dict[str, Curve | None]
    roc_micro: Curve | None
    precision_recall_micro: Curve | None


class ImagePrediction(Part):
    """One test image and its prediction.

    Attributes:
        digest: SHA-256 of the original.
        name: The file name.
        true: The label.
        predicted: The predicted class.
        confidence: Probability of the predicted class.
        loss: Cross-entropy in nats.
    """

    digest: str
    name: str
    true: str
    predicted: str
    confidence: float
    loss: float


class Pair(Part):
    """Two classes that were confused.

    Attributes:
        true: The label of the images.
        predicted: Their predicted class.
        images: How many.
    """

    true: str
    predicted: str
    images: int


class Mistakes(Part):
    """The images and classes to look at first, on the test split; the lists have a bounded length.

    Attributes:
        wrong: Wrongly classified images, altogether.
        top_losses: Images by descending loss; the first are often labelled wrongly.
        confused_pairs: Confused classes, the most frequent pair first.
        most_uncertain: Images whose two largest probabilities are closest.
    """

    wrong: int
    top_losses: tuple[ImagePrediction, ...]
    confused_pairs: tuple[Pair, ...]
    most_uncertain: tuple[ImagePrediction, ...]


class FitDiagnosis(Part):
    """One sign of over- or underfitting, or that there is none.

    Attributes:
        kind: The subject.
        level: `good`, `info`, or `warning` where the person may want to act.
        text: The sentence, with its evidence.
    """

    kind: Literal["overfitting", "underfitting", "chance", "fine-tuning", "fit"]
    level: Literal["good", "info", "warning"]
    text: str


class OutOfDistribution(Part):
    """The threshold from which an image counts as none of the classes, with its error rates.

    Attributes:
        threshold: Distance in feature space from which an image is refused; chosen on the validation split.
        refused_validation: Share of validation images refused.
        refused_test: Share of test images refused (false rejects).
        accepted_held_out: By class, share of its test images accepted when the class is left out of the training images
            (false accepts); without classes that have no test images.
    """

    threshold: float
    refused_validation: float
    refused_test: float
    accepted_held_out: dict[str, float]


class Report(Part):
    """Everything measured about a finished run.

    Attributes:
        version: Version of this schema.
        classes: Names of the classes, in the order of the model's outputs.
        metrics: The metrics of each split.
        confusion: (n_classes, n_classes) test images, rows true, columns predicted.
        order: Class indices in an order in which confused classes are neighbours.
        baselines: Accuracies that need no learning.
        calibration: How well confidence agrees with accuracy.
        curves: ROC and precision-recall curves.
        mistakes: The images and classes to look at first.
        fit_diagnosis: Over- and underfitting, in sentences.
        ood: The out-of-distribution threshold ("none of these").
    """

    version: Literal[2] = VERSION
    classes: tuple[str, ...]
    metrics: Metrics
    confusion: tuple[tuple[int, ...], ...]
    order: tuple[int, ...]
    baselines: Baselines
    calibration: Calibration
    curves: Curves
    mistakes: Mistakes
    fit_diagnosis: tuple[FitDiagnosis, ...]
    ood: OutOfDistribution


def dump_report(report: Report) -> str:
    """Write a report as JSON that `load_report` reads back equal."""
    return report.model_dump_json(indent=1)


def load_report(text: str) -> Report:
    """Read a report of this or an earlier version from JSON.

    Raises:
        InputError: Not JSON, a newer version, or not a report.
    """
    try:
        data: Any = json.loads(text)
        version = data["version"]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError("This is not a report of a run.", "Evaluate the run again.") from error
    if isinstance(version, int) and version > VERSION:
        raise InputError(
            f"The report has version {version}, and this Graft reads versions up to {VERSION}.", "Update Graft."
        )
    try:
        return Report.model_validate(_from_version_1(data) if version == 1 else data)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"])
        raise InputError(f"The report is damaged at {field}.", "Evaluate the run again.") from error


def write_report(report: Report, folder: Path) -> Path:
    """Write `report.json` into a run's folder.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    return write_atomic(folder / REPORT_FILE, lambda path: path.write_text(dump_report(report), encoding="utf-8"))


def read_report(folder: Path) -> Report:
    """Read the report of a run's folder.

    Raises:
        NotFoundError: The run has none.
        InputError: It cannot be read.
    """
    try:
        return load_report((folder / REPORT_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFoundError(
            "This run has no report yet.", "Wait until it has finished, or evaluate it again."
        ) from error


# Names of version 1 and today's, by the part that has them.
_RENAMED: Final = {
    (): {"findings": "fit_diagnosis", "unknown": "ood"},
    ("calibration",): {"kept": "applied"},
    ("metrics", "test"): {"areas": "auc"},
    ("metrics", "test", "per_class"): {"called": "predicted", "hits": "correct", "roc_area": "roc_auc"},
}


def _from_version_1(data: dict[str, Any]) -> dict[str, Any]:
    return {**_renamed(data, ()), "version": VERSION}


def _renamed(part: Any, place: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(part, list):
        return [_renamed(one, place) for one in part]
    if not isinstance(part, dict):
        return part
    names = _RENAMED.get(place, {})
    return {names.get(name, name): _renamed(value, (*place, name)) for name, value in part.items()}
