"""Synthetic predictions and reports with known properties."""

import numpy as np
from scipy.special import softmax

from core.dataset.manifest import TEST, TRAIN, VALIDATION
from core.evaluation.inference.predictions import Predictions
from core.evaluation.report.report import Baselines, OutOfDistribution, Report
from core.evaluation.report.summary import Temperature, summarise

BASELINES = Baselines(largest_class="a", largest_class_accuracy=0.3, nearest_pixels_accuracy=0.4)
OOD = OutOfDistribution(threshold=0.5, refused_validation=0.05, refused_test=0.06, accepted_held_out={"a": 0.2})


def make_predictions(classes=("a", "b", "ü; ö"), images=40, seed=0, sharpness=2.0):
    """Random, mostly right predictions, as many in each split."""
    generator = np.random.default_rng(seed)
    total = 3 * images
    true = generator.integers(0, len(classes), total)
    logits = generator.normal(0, 1, (total, len(classes)))
    logits[np.arange(total), true] += sharpness
    return Predictions(
        classes=tuple(classes),
        digests=tuple(f"{row:064x}" for row in range(total)),
        names=tuple(f'a "quoted", name\n {row}.jpg' for row in range(total)),
        splits=np.repeat(np.array([TRAIN, VALIDATION, TEST], np.int8), images),
        true=true,
        probabilities=softmax(logits, axis=1),
    )


def make_report(predictions, epochs=()) -> Report:
    logits = np.log(predictions.probabilities)
    temperature = Temperature(
        fitted=1.3,
        applied=True,
        validation=logits[predictions.splits == VALIDATION],
        test=logits[predictions.splits == TEST],
    )
    return summarise(predictions, temperature=temperature, baselines=BASELINES, ood=OOD, epochs=epochs)
