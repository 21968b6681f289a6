"""Diagnoses over- and underfitting in sentences, each with its evidence.

The rules are those by which a teacher reads learning curves. Differences between accuracies count only if their 95%
intervals do not overlap.
"""

from collections.abc import Iterator, Sequence

from core.evaluation.report.report import FitDiagnosis, SplitMetrics
from core.jobs.events import Epoch
from core.training.recipe import Recipe

# Smallest difference between training and validation accuracy that is reported.
GAP = 0.05
# Relative change from which the validation loss counts as rising or falling.
CHANGE = 0.05
# Training accuracy from which a network is not underfitting.
NEARLY_ALL = 0.99
# Epochs over which the validation loss must have fallen to count as still falling.
LAST = 3


def diagnose_fit(
    epochs: Sequence[Epoch],
    train: SplitMetrics,
    validation: SplitMetrics,
    largest_class: float,
    recipe: Recipe | None = None,
) -> tuple[FitDiagnosis, ...]:
    """Diagnose the fit from the learning curves and the final accuracies.

    Args:
        epochs: All epochs of the run, in order; may be empty.
        train: Of the finished model on training images.
        validation: Of the finished model on validation images.
        largest_class: Share of the largest class among the validation images.
        recipe: Every choice of the run; None if unknown. The advice names only what was not done yet.
    """
    found = [
        *_chance(validation, largest_class),
        *_gap(train, validation, recipe),
        *_rise(epochs),
        *_fall(epochs, train, validation),
        *_unfreezing(epochs),
    ]
    if not any(one.level == "warning" for one in found):
        text = f"Training and validation accuracy agree ({train.accuracy:.1%} and {validation.accuracy:.1%})."
        found.append(FitDiagnosis(kind="fit", level="good", text=text))
    return tuple(found)


def _chance(validation: SplitMetrics, largest_class: float) -> Iterator[FitDiagnosis]:
    if validation.interval.low <= largest_class:
        text = (
            f"The network is hardly better than always predicting the largest class: its validation accuracy is "
            f"{validation.accuracy:.1%}, and the largest class alone gives {largest_class:.1%} (underfitting)."
        )
        yield FitDiagnosis(kind="chance", level="warning", text=text)


def _gap(train: SplitMetrics, validation: SplitMetrics, recipe: Recipe | None) -> Iterator[FitDiagnosis]:
    gap = train.accuracy - validation.accuracy
    if gap > GAP and train.interval.low > validation.interval.high:
        text = (
            f"The training accuracy is {train.accuracy:.1%}, but the validation accuracy only "
            f"{validation.accuracy:.1%}: {100 * gap:.0f} points are memorised (overfitting). "
            f"{_remedies(recipe)}."
        )
        yield FitDiagnosis(kind="overfitting", level="warning", text=text)


def _remedies(recipe: Recipe | None) -> str:
    """What may help against overfitting and was not done yet."""
    remedies = ["more images"]
    if recipe is None or not recipe.augmentation.views:
        remedies.append("augmentation")
    if recipe is None or recipe.strategy != "feature-extraction":
        remedies.append("fewer trained layers")
    elif recipe.head.hidden_units is not None:
        remedies.append("a head without a hidden layer")
    *others, last = remedies
    text = f"{', '.join(others)} or {last} may help" if others else f"{last} may help"
    return text[0].upper() + text[1:]


def _rise(epochs: Sequence[Epoch]) -> Iterator[FitDiagnosis]:
    if not epochs:
        return
    best, last = min(epochs, key=lambda epoch: epoch.val_loss), epochs[-1]
    if last.val_loss > best.val_loss * (1 + CHANGE) and last.loss < best.loss and last.phase == best.phase:
        text = (
            f"After epoch {best.epoch} the validation loss rose from {best.val_loss:.3f} to {last.val_loss:.3f} while "
            f"the training loss fell from {best.loss:.3f} to {last.loss:.3f}: from then on the network memorised the "
            f"training images (overfitting). {_kept(epochs)}"
        )
        yield FitDiagnosis(kind="overfitting", level="info", text=text)


def _kept(epochs: Sequence[Epoch]) -> str:
    kept = [epoch.epoch for epoch in epochs if epoch.best]
    return f"Epoch {kept[-1]} was kept." if kept else "The best epoch was kept."


def _fall(epochs: Sequence[Epoch], train: SplitMetrics, validation: SplitMetrics) -> Iterator[FitDiagnosis]:
    if len(epochs) <= LAST or epochs[-1].epoch < epochs[-1].epochs or train.accuracy > NEARLY_ALL:
        return
    before, last = epochs[-1 - LAST], epochs[-1]
    falling = last.val_loss < before.val_loss * (1 - CHANGE) and last.phase == before.phase
    if falling and last.val_loss == min(epoch.val_loss for epoch in epochs):
        text = (
            f"The validation loss was still falling when the last epoch ended, from {before.val_loss:.3f} to "
            f"{last.val_loss:.3f} in {LAST} epochs, at a validation accuracy of {validation.accuracy:.1%} "
            "(underfitting): more epochs may help."
        )
        yield FitDiagnosis(kind="underfitting", level="warning", text=text)


def _unfreezing(epochs: Sequence[Epoch]) -> Iterator[FitDiagnosis]:
    head = [epoch for epoch in epochs if epoch.phase == "head"]
    after = [epoch for epoch in epochs if epoch.phase == "fine-tune"]
    if not head or not after:
        return
    best_head, best_after = (max(phase, key=lambda epoch: epoch.val_accuracy) for phase in (head, after))
    change = 100 * (best_after.val_accuracy - best_head.val_accuracy)
    if change < 0:
        text = (
            f"Fine-tuning did not help: the best validation accuracy was {best_head.val_accuracy:.1%} before and "
            f"{best_after.val_accuracy:.1%} after unfreezing. A smaller learning rate or more frozen layers may help."
        )
        yield FitDiagnosis(kind="fine-tuning", level="warning", text=text)
    elif change > 0:
        text = (
            f"Fine-tuning helped: the best validation accuracy rose from {best_head.val_accuracy:.1%} to "
            f"{best_after.val_accuracy:.1%}."
        )
        yield FitDiagnosis(kind="fine-tuning", level="good", text=text)
