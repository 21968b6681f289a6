"""The parts of a report: what is measured about a finished run, as validated, immutable data.

All shares are between 0 and 1, all intervals are 95% intervals, and classes are called by their names.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from core.evaluation.metrics.intervals import Interval


class Part(BaseModel):
    """What all parts have in common: they cannot be changed, and know no field that is not documented."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, json_schema_serialization_defaults_required=True
    )


class Estimate(Part):
    """A measured number and how sure it is.

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
        accuracy: Share of them that was called what they are labelled as.
        interval: That of the accuracy.
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
        called: Test images that were called this class.
        hits: Test images of this class that were called it.
        precision: Hits as a share of `called`; 0 where it was never called.
        precision_interval: Its interval; None where it was never called.
        recall: Hits as a share of `support`; 0 where there is no test image of it.
        recall_interval: Its interval; None where there is no test image of it.
        f1: Harmonic mean of precision and recall.
        f1_interval: That of hits / (support + called - hits), from which F1 follows; None where that is of nothing.
        roc_area: Area under the ROC curve, against the rest; None where there is nothing to tell apart.
        average_precision: Area under the precision-recall curve; None where there is no test image of it.
    """

    name: str
    support: int
    called: int
    hits: int
    precision: float
    precision_interval: Interval | None
    recall: float
    recall_interval: Interval | None
    f1: float
    f1_interval: Interval | None
    roc_area: float | None
    average_precision: float | None


class AUC(Part):
    """Areas under the curves of all classes together.

    Attributes:
        roc_macro: Mean of the classes' ROC areas.
        roc_micro: ROC area of all pairs of image and class.
        average_precision_macro: Mean of the classes' average precisions.
        average_precision_micro: Average precision of all pairs of image and class.
    """

    roc_macro: float | None
    roc_micro: float | None
    average_precision_macro: float | None
    average_precision_micro: float | None


class TestMetrics(SplitMetrics):
    """How good the exported model is on the images that took no part in any choice.

    Attributes:
        balanced_accuracy: Mean recall over the classes.
        macro_f1: Mean F1 over the classes.
        weighted_f1: Mean F1, each class weighted by its images.
        areas: Areas under the curves of all classes together.
        more_images: Test images to add for an accuracy interval of +-5 points; 0 where there are enough.
        per_class: One entry a class, in the order of `Report.classes`.
    """

    __test__ = False  # not a test for pytest to collect

    balanced_accuracy: Estimate
    macro_f1: Estimate
    weighted_f1: float
    areas: AUC
    more_images: int
    per_class: tuple[ClassMetrics, ...]


class Metrics(Part):
    """The headline of each split.

    Attributes:
        train: What the network learned from; measured on at most a fixed number of images.
        validation: What the best epoch and the temperature were chosen by.
        test: What nothing was chosen by.
    """

    train: SplitMetrics
    validation: SplitMetrics
    test: TestMetrics


class Baselines(Part):
    """What can be reached without learning, on the test split.

    Attributes:
        largest_class: The most frequent class of the training images.
        largest_class_accuracy: Accuracy of always answering it.
        nearest_pixels_accuracy: Accuracy of answering the class of the training image whose 16 x 16 pixels are nearest.
    """

    largest_class: str
    largest_class_accuracy: float
    nearest_pixels_accuracy: float


class Diagram(Part):
    """A reliability diagram: bins of equal width over the confidence from 0 to 1.

    Attributes:
        counts: Test images a bin.
        confidence: Their mean confidence; 0 where there is none.
        accuracy: Share of them that was right; 0 where there is none.
        error: Expected calibration error.
    """

    counts: tuple[int, ...]
    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]
    error: float


class Calibration(Part):
    """Whether confidences can be taken at their word.

    Attributes:
        temperature: What the exported model divides its logits by; 1 where its confidences are right as they are.
        fitted: The most probable temperature by the validation split.
        kept: Whether the exported model uses it, because it differs enough from 1.
        validation_loss: Cross-entropy of the validation split, without and with the fitted temperature.
        before: Test split, without a temperature.
        after: Test split, with the fitted temperature.
    """

    temperature: float
    fitted: float
    kept: bool
    validation_loss: tuple[float, float]
    before: Diagram
    after: Diagram


class Curve(Part):
    """The points of one curve, thinned for drawing.

    Attributes:
        x: False alarms (ROC) or recall (precision-recall).
        y: Found images (ROC) or precision (precision-recall).
        thresholds: Probability from which an image is called the class; None where none is.
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


class Seen(Part):
    """One test image and what the model made of it.

    Attributes:
        digest: SHA-256 of the original.
        name: The file name a person knows.
        true: What it is labelled as.
        predicted: What it was called.
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
        true: What the images are labelled as.
        predicted: What they were called.
        images: How many.
    """

    true: str
    predicted: str
    images: int


class Mistakes(Part):
    """Where to look first, on the test split; lists have a bounded length.

    Attributes:
        wrong: Wrongly classified images, altogether.
        top_losses: Images with the highest loss first: often wrong labels.
        confused_pairs: Most frequent confusions first.
        most_uncertain: Images whose two largest probabilities are closest.
    """

    wrong: int
    top_losses: tuple[Seen, ...]
    confused_pairs: tuple[Pair, ...]
    most_uncertain: tuple[Seen, ...]


class Finding(Part):
    """One thing that the course of the training shows, in words.

    Attributes:
        kind: What it is about.
        level: `good`, `info`, or `warning` where the person may want to act.
        text: The sentence, with its evidence.
    """

    kind: Literal["overfitting", "underfitting", "chance", "fine-tuning", "fit"]
    level: Literal["good", "info", "warning"]
    text: str


class OutOfDistribution(Part):
    """A threshold from which a picture is refused as none of the classes, with what it costs and brings.

    Attributes:
        threshold: Distance in feature space from which a picture is refused; chosen on the validation split.
        refused_validation: Share of validation images refused: what the threshold was chosen for.
        refused_test: Share of test images wrongly refused (false rejects).
        accepted_held_out: Share of images wrongly accepted when their own class is left out (false accepts), by class;
            without those that have no test images.
    """

    threshold: float
    refused_validation: float
    refused_test: float
    accepted_held_out: dict[str, float]
