"""Computes the report from predictions, without running the model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from core.dataset.manifest import TEST, TRAIN, VALIDATION
from core.evaluation.inference.predictions import Predictions
from core.evaluation.metrics import calibration, classification, curves
from core.evaluation.metrics.classification import Floats, Ints
from core.evaluation.metrics.fit_diagnosis import diagnose_fit
from core.evaluation.metrics.intervals import (
    Interval,
    balanced_accuracy_interval,
    f1_interval,
    macro_f1_interval,
    more_images_needed,
    share_interval,
)
from core.evaluation.metrics.mistakes import find_mistakes, similarity_order
from core.evaluation.report.report import (
    AUC,
    Baselines,
    Calibration,
    ClassMetrics,
    Curve,
    Curves,
    Diagram,
    Estimate,
    Metrics,
    OutOfDistribution,
    Report,
    SplitMetrics,
    TestMetrics,
)
from core.jobs.events import Epoch
from core.training.recipe import Recipe

# Points of a stored curve: enough for a small chart, and a report of 50 classes stays under a megabyte.
POINTS = 64


@dataclass(frozen=True)
class Temperature:
    """The result of the calibration.

    Attributes:
        fitted: The temperature fitted on the validation split.
        applied: Whether the exported model uses it.
        validation: (n_validation, n_classes) float64 logits of the validation split, without a temperature.
        test: (n_test, n_classes) float64 logits of the test split, without a temperature.
    """

    fitted: float
    applied: bool
    validation: Floats
    test: Floats


@dataclass(frozen=True)
class _Curves:
    roc: list[curves.RocCurve | None]
    precision_recall: list[curves.PrecisionRecallCurve | None]
    roc_micro: curves.RocCurve | None
    precision_recall_micro: curves.PrecisionRecallCurve | None


def summarise(
    predictions: Predictions,
    *,
    temperature: Temperature,
    baselines: Baselines,
    ood: OutOfDistribution,
    epochs: Sequence[Epoch] = (),
    recipe: Recipe | None = None,
    relabelled_by_model: int = 0,
) -> Report:
    """Compute the report.

    Args:
        predictions: Of the exported model, on all three splits; none of them empty.
        temperature: The result of the calibration.
        baselines: Accuracies that need no learning.
        ood: The out-of-distribution threshold and its error rates.
        epochs: The run's epochs, in order.
        recipe: The run's choices, for advice that fits them.
        relabelled_by_model: Test images whose label was changed after a network had disagreed with it.
    """
    train, validation, test = (predictions.of_split(split) for split in (TRAIN, VALIDATION, TEST))
    confusion = classification.confusion_matrix(test.true, test.predicted, len(test.classes))
    drawn = _curves(test)
    metrics = Metrics(
        train=split_metrics(train),
        validation=split_metrics(validation),
        test=_test_metrics(test, confusion, drawn, relabelled_by_model),
    )
    largest = float(np.bincount(validation.true).max() / len(validation))
    return Report(
        classes=predictions.classes,
        metrics=metrics,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        order=similarity_order(confusion),
        baselines=baselines,
        calibration=_calibration(temperature, validation.true, test.true),
        curves=_drawn(test.classes, drawn),
        mistakes=find_mistakes(test, confusion),
        fit_diagnosis=diagnose_fit(epochs, metrics.train, metrics.validation, largest, recipe),
        ood=ood,
    )


def split_metrics(predictions: Predictions) -> SplitMetrics:
    """Compute accuracy and loss of the images given; at least one."""
    correct, images = int(predictions.correct.sum()), len(predictions)
    return SplitMetrics(
        images=images,
        accuracy=correct / images,
        interval=_interval(correct, images),
        loss=classification.log_loss(predictions.true, predictions.probabilities),
    )


def _interval(correct: int, images: int) -> Interval:
    interval = share_interval(correct, images)
    if interval is None:
        raise ValueError("a split without images has no accuracy")
    return interval


def _test_metrics(test: Predictions, confusion: Ints, drawn: _Curves, relabelled_by_model: int) -> TestMetrics:
    return TestMetrics(
        **split_metrics(test).model_dump(),
        balanced_accuracy=Estimate(
            value=classification.balanced_accuracy(confusion), interval=balanced_accuracy_interval(confusion)
        ),
        macro_f1=Estimate(value=classification.macro_f1(confusion), interval=macro_f1_interval(confusion)),
        weighted_f1=classification.weighted_f1(confusion),
        auc=AUC(
            roc_macro=curves.macro([_area(curve) for curve in drawn.roc]),
            roc_micro=_area(drawn.roc_micro),
            average_precision_macro=curves.macro([_area(curve) for curve in drawn.precision_recall]),
            average_precision_micro=_area(drawn.precision_recall_micro),
        ),
        more_images=more_images_needed(int(test.correct.sum()), len(test)),
        per_class=_per_class(test.classes, confusion, drawn),
        relabelled_by_model=relabelled_by_model,
    )


def _per_class(classes: tuple[str, ...], confusion: Ints, drawn: _Curves) -> tuple[ClassMetrics, ...]:
    scores, correct = classification.class_scores(confusion), np.diagonal(confusion).tolist()
    support, predicted = scores.support.tolist(), scores.predicted.tolist()
    return tuple(
        ClassMetrics(
            name=name,
            support=support[row],
            predicted=predicted[row],
            correct=correct[row],
            precision=float(scores.precision[row]),
            precision_interval=share_interval(correct[row], predicted[row]),
            recall=float(scores.recall[row]),
            recall_interval=share_interval(correct[row], support[row]),
            f1=float(scores.f1[row]),
            f1_interval=f1_interval(correct[row], support[row], predicted[row]),
            roc_auc=_area(drawn.roc[row]),
            average_precision=_area(drawn.precision_recall[row]),
        )
        for row, name in enumerate(classes)
    )


def _curves(test: Predictions) -> _Curves:
    members = curves.one_against_rest(test.true, len(test.classes))
    columns = list(zip(members.T, test.probabilities.T, strict=True))
    return _Curves(
        roc=[curves.roc_curve(*column) for column in columns],
        precision_recall=[curves.precision_recall_curve(*column) for column in columns],
        roc_micro=curves.roc_curve(members.ravel(), test.probabilities.ravel()),
        precision_recall_micro=curves.precision_recall_curve(members.ravel(), test.probabilities.ravel()),
    )


def _area(curve: curves.RocCurve | curves.PrecisionRecallCurve | None) -> float | None:
    return None if curve is None else curve.area


def _drawn(classes: tuple[str, ...], drawn: _Curves) -> Curves:
    return Curves(
        roc={name: _roc_points(curve) for name, curve in zip(classes, drawn.roc, strict=True)},
        precision_recall={
            name: _precision_recall_points(curve) for name, curve in zip(classes, drawn.precision_recall, strict=True)
        },
        roc_micro=_roc_points(drawn.roc_micro),
        precision_recall_micro=_precision_recall_points(drawn.precision_recall_micro),
    )


def _roc_points(curve: curves.RocCurve | None) -> Curve | None:
    if curve is None:
        return None
    thin = curve.thinned(POINTS)
    return _points(thin.false_positive_rate, thin.true_positive_rate, thin.thresholds)


def _precision_recall_points(curve: curves.PrecisionRecallCurve | None) -> Curve | None:
    if curve is None:
        return None
    thin = curve.thinned(POINTS)
    return _points(thin.recall, thin.precision, thin.thresholds)


def _points(x: Floats, y: Floats, thresholds: Floats) -> Curve:
    finite = tuple(None if np.isinf(value) else value for value in thresholds.tolist())
    return Curve(x=tuple(x.tolist()), y=tuple(y.tolist()), thresholds=finite)


def _calibration(temperature: Temperature, validation: Ints, test: Ints) -> Calibration:
    scaled = temperature.validation / temperature.fitted
    return Calibration(
        temperature=temperature.fitted if temperature.applied else 1.0,
        fitted=temperature.fitted,
        applied=temperature.applied,
        validation_loss=(
            classification.log_loss(validation, softmax(temperature.validation, axis=1)),
            classification.log_loss(validation, softmax(scaled, axis=1)),
        ),
        before=_diagram(temperature.test, test),
        after=_diagram(temperature.test / temperature.fitted, test),
    )


def _diagram(logits: Floats, true: Ints) -> Diagram:
    probabilities = softmax(logits, axis=1)
    bins = calibration.reliability(probabilities.max(axis=1), probabilities.argmax(axis=1) == true)
    return Diagram(
        counts=tuple(bins.counts.tolist()),
        confidence=tuple(bins.confidence.tolist()),
        accuracy=tuple(bins.accuracy.tolist()),
        error=bins.error,
    )
