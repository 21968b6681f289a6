"""Runs are scored on new labels from their stored probabilities."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dataset.manifest import TEST, TRAIN, Manifest
from core.evaluation.inference.predictions import Predictions
from core.evaluation.metrics.intervals import share_interval
from core.evaluation.rescoring import labels_of_manifest, labels_of_test_split, rescore

CLASSES = ("a", "b", "c")


def predictions_of(true, predicted, splits=None):
    return Predictions(
        classes=CLASSES,
        digests=tuple(f"{row:064x}" for row in range(len(true))),
        names=tuple(f"{row}.jpg" for row in range(len(true))),
        splits=np.full(len(true), TEST, np.int8) if splits is None else np.array(splits, np.int8),
        true=np.array(true),
        probabilities=np.eye(3)[predicted],
    )


def test_a_label_moved_to_the_predicted_class_raises_the_accuracy_by_its_points():
    run = predictions_of([0, 0, 1, 1], [0, 1, 1, 0])
    labels = labels_of_test_split(run) | {run.digests[1]: frozenset({"b"})}
    found = rescore(run, labels)
    assert (found.before, found.after, found.points) == (0.5, 0.75, 25)
    assert (found.code, found.relabelled, found.images) == ("new-labels", (run.digests[1],), 4)
    assert found.interval == share_interval(3, 4)


def test_a_label_moved_away_from_the_predicted_class_costs_points():
    run = predictions_of([0, 0, 1, 1], [0, 0, 1, 1])
    found = rescore(run, labels_of_test_split(run) | {run.digests[0]: frozenset({"c"})})
    assert found.points == -25


def test_a_class_that_the_run_does_not_know_counts_as_wrong():
    run = predictions_of([0, 1], [0, 1])
    found = rescore(run, labels_of_test_split(run) | {run.digests[0]: frozenset({"new"})})
    assert (found.before, found.after) == (1, 0.5)


def test_images_without_a_label_and_of_other_splits_are_left_out():
    run = predictions_of([0, 1, 2], [0, 1, 0], [TEST, TRAIN, TEST])
    labels = {digest: frozenset({CLASSES[true]}) for digest, true in zip(run.digests, run.true, strict=True)}
    found = rescore(run, {digest: labels[digest] for digest in run.digests[:2]})
    assert (found.images, found.before, found.after) == (1, 1, 1)
    assert rescore(run, {}) is None


def test_an_image_in_several_classes_keeps_its_score():
    run = predictions_of([0, 1], [0, 0])
    labels = {run.digests[0]: frozenset({"a", "b"}), run.digests[1]: frozenset({"a", "b"})}
    found = rescore(run, labels)
    assert (found.code, found.before, found.after) == ("same-labels", 0.5, 0.5)


def test_labels_of_a_manifest_are_by_digest():
    manifest = Manifest(CLASSES, ("x", "y", "x"), np.array([0, 1, 2]), np.array([2, 2, 0], np.int8), ("1", "2", "3"))
    assert labels_of_manifest(manifest) == {"x": frozenset({"a", "c"}), "y": frozenset({"b"})}


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1, max_size=30))
def test_the_new_accuracy_is_that_of_an_evaluation_on_the_new_labels(rows):
    true, predicted, new = (np.array(column) for column in zip(*rows, strict=True))
    run = predictions_of(true, predicted)
    relabelled = replace(run, true=new)
    found = rescore(run, labels_of_test_split(relabelled))
    assert found.after == pytest.approx(relabelled.correct.mean())
    assert found.before == pytest.approx(run.correct.mean())
    assert len(found.relabelled) == np.sum(true != new)
