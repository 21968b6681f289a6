"""Over- and underfitting are named where they are, with their evidence, and nowhere else."""

import pytest

from core.evaluation.metrics.fit_diagnosis import diagnose_fit
from core.evaluation.metrics.intervals import wilson
from core.evaluation.report.parts import SplitMetrics
from core.jobs.events import Epoch


def right(share, images=200):
    return SplitMetrics(images=images, accuracy=share, interval=wilson(share * images, images), loss=0.1)


def course(losses, val_losses, phase="head", planned=None, first=1, val_accuracy=0.9):
    return [
        Epoch(
            phase=phase,
            epoch=first + number,
            epochs=planned or len(losses),
            loss=loss,
            accuracy=0.9,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            learning_rate=1e-3,
            seconds=1,
            best=val_loss == min(val_losses),
        )
        for number, (loss, val_loss) in enumerate(zip(losses, val_losses, strict=True))
    ]


def found(epochs=(), train=0.97, validation=0.96, largest=0.5, images=200):
    findings = diagnose_fit(epochs, right(train, images), right(validation, images), largest)
    return {(finding.kind, finding.level): finding.text for finding in findings}


def test_agreement_is_said_and_nothing_else():
    text = "Training and validation images agree (97.0% and 96.0% right)."
    assert found() == {("fit", "good"): text}


def test_hardly_better_than_the_largest_class():
    text = found(train=0.55, validation=0.52)["chance", "warning"]
    assert "52.0% of the validation images are right, the largest class alone gives 50.0%" in text


def test_a_network_that_knows_its_training_images_is_not_underfitting():
    epochs = course([1.2, 1.0, 0.8, 0.6, 0.5], [1.3, 1.1, 0.9, 0.7, 0.6])
    assert ("underfitting", "warning") not in found(epochs, train=0.995)


def test_learned_by_heart():
    text = found(train=1.0, validation=0.8)["overfitting", "warning"]
    assert "100.0% of the training images are right, but only 80.0%" in text
    assert "20 points" in text


def test_a_gap_within_chance_is_none():
    assert ("overfitting", "warning") not in found(train=1.0, validation=0.9, images=10)


def test_a_rising_validation_loss_names_its_epochs():
    text = found(course([0.9, 0.5, 0.3, 0.1], [0.8, 0.6, 0.7, 0.9]))["overfitting", "info"]
    assert "After epoch 2 the validation loss rose from 0.600 to 0.900 while the training loss fell" in text
    assert text.endswith("Epoch 2 was kept.")


def test_a_run_that_kept_no_epoch_in_its_events_still_says_that_the_best_counts():
    epochs = [epoch.model_copy(update={"best": False}) for epoch in course([0.9, 0.1], [0.6, 0.9])]
    assert found(epochs)["overfitting", "info"].endswith("The best epoch was kept.")


def test_a_loss_that_is_still_falling_asks_for_more_epochs():
    text = found(course([1.2, 1.0, 0.8, 0.6, 0.5], [1.3, 1.1, 0.9, 0.7, 0.6]))["underfitting", "warning"]
    assert "from 1.100 to 0.600 in 3 epochs, at 96.0% right" in text


@pytest.mark.parametrize(
    "epochs",
    [
        course([1.2, 1.0, 0.8, 0.6], [1.3, 1.1, 0.9, 0.7], planned=20),
        course([1.2, 1.0, 0.8, 0.6], [0.61, 0.605, 0.602, 0.6]),
        course([1.2, 1.0], [1.3, 1.1]),
    ],
)
def test_a_stopped_flat_or_short_course_does_not(epochs):
    assert ("underfitting", "warning") not in found(epochs)


@pytest.mark.parametrize(
    ("before", "after", "level", "words"),
    [
        (0.95, 0.90, "warning", "Fine-tuning did harm: the best validation accuracy was 95.0% before and 90.0%"),
        (0.90, 0.95, "good", "Fine-tuning helped: the best validation accuracy rose from 90.0% to 95.0%"),
    ],
)
def test_what_unfreezing_did(before, after, level, words):
    epochs = [
        *course([0.5, 0.4], [0.5, 0.5], planned=4, val_accuracy=before),
        *course([0.4, 0.4], [0.5, 0.5], "fine-tune", planned=4, first=3, val_accuracy=after),
    ]
    assert words in found(epochs)["fine-tuning", level]
