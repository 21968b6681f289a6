"""Every metric equals scikit-learn's on random predictions, with ties and missing classes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from core.evaluation.metrics import classification, curves


@st.composite
def predictions(draw):
    """True labels and probabilities on a coarse grid, so that ties and missing classes occur."""
    n_classes, n_images = draw(st.integers(2, 7)), draw(st.integers(1, 60))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    true = np.append(generator.integers(0, n_classes, n_images), draw(st.permutations([0, n_classes - 1])))
    rough = generator.integers(1, draw(st.sampled_from([3, 50])), (len(true), n_classes)).astype(float)
    return true, rough / rough.sum(axis=1, keepdims=True)


def confusion_of(case):
    true, probabilities = case
    return classification.confusion_matrix(true, probabilities.argmax(axis=1), probabilities.shape[1])


@given(predictions())
def test_confusion_matrix(case):
    true, probabilities = case
    labels = range(probabilities.shape[1])
    expected = reference.confusion_matrix(true, probabilities.argmax(axis=1), labels=labels)
    np.testing.assert_array_equal(confusion_of(case), expected)


@given(predictions())
def test_precision_recall_f1_and_support(case):
    true, probabilities = case
    expected = reference.precision_recall_fscore_support(
        true, probabilities.argmax(axis=1), labels=range(probabilities.shape[1]), zero_division=0
    )
    scores = classification.class_scores(confusion_of(case))
    for ours, theirs in zip((scores.precision, scores.recall, scores.f1, scores.support), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@given(predictions())
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_accuracy_and_means_of_f1(case):
    true, predicted, confusion = case[0], case[1].argmax(axis=1), confusion_of(case)
    assert classification.accuracy(confusion) == reference.accuracy_score(true, predicted)
    assert classification.balanced_accuracy(confusion) == pytest.approx(
        reference.balanced_accuracy_score(true, predicted), rel=1e-15
    )
    assert classification.macro_f1(confusion) == pytest.approx(
        reference.f1_score(true, predicted, average="macro", zero_division=0), rel=1e-15
    )
    assert classification.weighted_f1(confusion) == pytest.approx(
        reference.f1_score(true, predicted, average="weighted", zero_division=0), rel=1e-15
    )


@given(predictions())
def test_log_loss(case):
    true, probabilities = case
    expected = reference.log_loss(true, probabilities, labels=range(probabilities.shape[1]))
    assert classification.log_loss(true, probabilities) == pytest.approx(expected, rel=1e-15)


def test_a_probability_of_zero_costs_a_finite_loss_as_in_scikit_learn():
    true, probabilities = np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]])
    assert classification.log_loss(true, probabilities) == reference.log_loss(true, probabilities)


@given(predictions())
def test_roc_curve_and_its_area(case):
    true, probabilities = case
    curve = curves.roc_curve(true == 0, probabilities[:, 0])
    false_positive_rate, true_positive_rate, thresholds = reference.roc_curve(true == 0, probabilities[:, 0])
    np.testing.assert_array_equal(curve.false_positive_rate, false_positive_rate)
    np.testing.assert_array_equal(curve.true_positive_rate, true_positive_rate)
    np.testing.assert_array_equal(curve.thresholds, thresholds)
    assert curve.area == pytest.approx(reference.roc_auc_score(true == 0, probabilities[:, 0]), rel=1e-14)


@given(predictions())
def test_precision_recall_curve_and_its_area(case):
    true, probabilities = case
    curve = curves.precision_recall_curve(true == 0, probabilities[:, 0])
    precision, recall, thresholds = reference.precision_recall_curve(true == 0, probabilities[:, 0])
    np.testing.assert_array_equal(curve.precision, precision)
    np.testing.assert_array_equal(curve.recall, recall)
    np.testing.assert_array_equal(curve.thresholds[:-1], thresholds)
    expected = reference.average_precision_score(true == 0, probabilities[:, 0])
    assert curve.area == pytest.approx(expected, rel=1e-14)


@settings(max_examples=30)
@given(st.integers(3, 6), st.integers(0, 1000))
def test_macro_and_micro_areas(n_classes, seed):
    generator = np.random.default_rng(seed)
    true = np.concatenate([np.arange(n_classes), generator.integers(0, n_classes, 40)])
    probabilities = generator.dirichlet(np.ones(n_classes), len(true))
    members = curves.one_against_rest(true, n_classes)
    areas = [curves.roc_curve(members[:, k], probabilities[:, k]).area for k in range(n_classes)]
    for average, ours in (
        ("macro", curves.macro(areas)),
        ("micro", curves.roc_curve(members.ravel(), probabilities.ravel()).area),
    ):
        theirs = reference.roc_auc_score(true, probabilities, multi_class="ovr", average=average)
        assert ours == pytest.approx(theirs, rel=1e-14)
    precisions = [curves.precision_recall_curve(members[:, k], probabilities[:, k]).area for k in range(n_classes)]
    expected = reference.average_precision_score(members, probabilities, average="macro")
    assert curves.macro(precisions) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("is_class", [[True, True], [False, False]])
def test_there_is_no_curve_of_a_single_class(is_class):
    assert curves.roc_curve(np.array(is_class), np.array([0.2, 0.8])) is None
    assert (curves.precision_recall_curve(np.array(is_class), np.array([0.2, 0.8])) is None) == (not any(is_class))


def test_no_class_with_an_area_has_no_mean():
    assert curves.macro([None, None]) is None


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(5, 60))
def test_a_thinned_curve_keeps_its_ends_and_its_area(seed, points):
    generator = np.random.default_rng(seed)
    scores = generator.random(3000)
    is_class = generator.random(3000) < scores
    for curve, axis in (
        (curves.roc_curve(is_class, scores), "true_positive_rate"),
        (curves.precision_recall_curve(is_class, scores), "recall"),
    ):
        thin = curve.thinned(points)
        assert len(thin.thresholds) <= points
        assert thin.area == curve.area
        for end in (0, -1):
            assert getattr(thin, axis)[end] == getattr(curve, axis)[end]
