"""Over- and underfitting are diagnosed with their evidence."""

import pytest

from core.evaluation.metrics.fit_diagnosis import diagnose_fit
from core.evaluation.metrics.intervals import wilson
from core.evaluation.report.report import SplitMetrics
from core.jobs.events import Epoch
from core.training.recipe import Augmentation, Head, Recipe


def metrics(share, images=200):
    return SplitMetrics(images=images, accuracy=share, interval=wilson(share * images, images), loss=0.1)


def epochs_of(losses, val_losses, phase="head", planned=None, first=1, val_accuracy=0.9):
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


def diagnosis(epochs=(), train=0.97, validation=0.96, largest=0.5, images=200, recipe=None):
    signs = diagnose_fit(epochs, metrics(train, images), metrics(validation, images), largest, recipe)
    return {(one.kind, one.level): one.text for one in signs}


def test_a_good_fit_is_the_only_diagnosis():
    text = "Training and validation accuracy agree (97.0% and 96.0%)."
    assert diagnosis() == {("fit", "good"): text}


def test_hardly_better_than_the_largest_class():
    text = diagnosis(train=0.55, validation=0.52)["chance", "warning"]
    assert "its validation accuracy is 52.0%, and the largest class alone gives 50.0%" in text


def test_a_network_that_knows_its_training_images_is_not_underfitting():
    epochs = epochs_of([1.2, 1.0, 0.8, 0.6, 0.5], [1.3, 1.1, 0.9, 0.7, 0.6])
    assert ("underfitting", "warning") not in diagnosis(epochs, train=0.995)


def test_memorised_training_images():
    text = diagnosis(train=1.0, validation=0.8)["overfitting", "warning"]
    assert "The training accuracy is 100.0%, but the validation accuracy only 80.0%" in text
    assert "20 points" in text


@pytest.mark.parametrize(
    ("choices", "advice"),
    [
        ({}, "More images or augmentation may help."),
        ({"augmentation": Augmentation(views=2)}, "More images may help."),
        (
            {"augmentation": Augmentation(views=2), "head": Head(hidden_units=64)},
            "More images or a head without a hidden layer may help.",
        ),
        ({"strategy": "full"}, "More images, augmentation or fewer trained layers may help."),
        (
            {"strategy": "partial", "augmentation": Augmentation(views=1)},
            "More images or fewer trained layers may help.",
        ),
    ],
)
def test_advice_names_only_what_was_not_done_yet(choices, advice):
    text = diagnosis(train=1.0, validation=0.8, recipe=Recipe(**choices))["overfitting", "warning"]
    assert text.endswith(f"(overfitting). {advice}")


def test_a_gap_within_chance_is_not_reported():
    assert ("overfitting", "warning") not in diagnosis(train=1.0, validation=0.9, images=10)


def test_a_rising_validation_loss_names_its_epochs():
    text = diagnosis(epochs_of([0.9, 0.5, 0.3, 0.1], [0.8, 0.6, 0.7, 0.9]))["overfitting", "info"]
    assert "After epoch 2 the validation loss rose from 0.600 to 0.900 while the training loss fell" in text
    assert text.endswith("Epoch 2 was kept.")


def test_events_without_a_best_epoch_still_name_the_best_as_kept():
    epochs = [epoch.model_copy(update={"best": False}) for epoch in epochs_of([0.9, 0.1], [0.6, 0.9])]
    assert diagnosis(epochs)["overfitting", "info"].endswith("The best epoch was kept.")


def test_a_loss_that_is_still_falling_asks_for_more_epochs():
    text = diagnosis(epochs_of([1.2, 1.0, 0.8, 0.6, 0.5], [1.3, 1.1, 0.9, 0.7, 0.6]))["underfitting", "warning"]
    assert "from 1.100 to 0.600 in 3 epochs, at a validation accuracy of 96.0%" in text


@pytest.mark.parametrize(
    "epochs",
    [
        epochs_of([1.2, 1.0, 0.8, 0.6], [1.3, 1.1, 0.9, 0.7], planned=20),
        epochs_of([1.2, 1.0, 0.8, 0.6], [0.61, 0.605, 0.602, 0.6]),
        epochs_of([1.2, 1.0], [1.3, 1.1]),
    ],
)
def test_a_stopped_flat_or_short_training_does_not(epochs):
    assert ("underfitting", "warning") not in diagnosis(epochs)


@pytest.mark.parametrize(
    ("before", "after", "level", "words"),
    [
        (0.95, 0.90, "warning", "Fine-tuning did not help: the best validation accuracy was 95.0% before and 90.0%"),
        (0.90, 0.95, "good", "Fine-tuning helped: the best validation accuracy rose from 90.0% to 95.0%"),
    ],
)
def test_the_effect_of_fine_tuning(before, after, level, words):
    epochs = [
        *epochs_of([0.5, 0.4], [0.5, 0.5], planned=4, val_accuracy=before),
        *epochs_of([0.4, 0.4], [0.5, 0.5], "fine-tune", planned=4, first=3, val_accuracy=after),
    ]
    assert words in diagnosis(epochs)["fine-tuning", level]
