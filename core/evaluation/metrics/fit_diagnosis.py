"""Over- and underfitting in words, each sentence with its evidence.

Rules, not a model: what a teacher would say in front of the curves. Differences count only where they are larger than
chance would make them, by the intervals of the accuracies.
"""

from collections.abc import Iterator, Sequence

from core.evaluation.report.parts import Finding, SplitMetrics
from core.jobs.events import Epoch

# A difference between training and validation accuracy below this is not worth a word.
GAP = 0.05
# The validation loss has risen, or is still falling, when it changes by more than this share.
CHANGE = 0.05
# A network that is right this often on its training images is not underfitting.
NEARLY_ALL = 0.99
# How many epochs back "still falling" looks.
LAST = 3


def diagnose_fit(
    epochs: Sequence[Epoch], train: SplitMetrics, validation: SplitMetrics, largest_class: float
) -> tuple[Finding, ...]:
    """Say what the course of a training and its end show.

    Args:
        epochs: All epochs of the run, in order; may be empty.
        train: What the finished model reaches on training images.
        validation: What it reaches on validation images.
        largest_class: Share of the largest class among the validation images.
    """
    found = [
        *_chance(validation, largest_class),
        *_gap(train, validation),
        *_rise(epochs),
        *_fall(epochs, train, validation),
        *_unfreezing(epochs),
    ]
    if not any(finding.level == "warning" for finding in found):
        text = f"Training and validation images agree ({train.accuracy:.1%} and {validation.accuracy:.1%} right)."
        found.append(Finding(kind="fit", level="good", text=text))
    return tuple(found)


def _chance(validation: SplitMetrics, largest_class: float) -> Iterator[Finding]:
    if validation.interval.low <= largest_class:
        text = (
            f"The network is hardly better than always answering the largest class: {validation.accuracy:.1%} of the "
            f"validation images are right, the largest class alone gives {largest_class:.1%} (underfitting)."
        )
        yield Finding(kind="chance", level="warning", text=text)


def _gap(train: SplitMetrics, validation: SplitMetrics) -> Iterator[Finding]:
    gap = train.accuracy - validation.accuracy
    if gap > GAP and train.interval.low > validation.interval.high:
        text = (
            f"{train.accuracy:.1%} of the training images are right, but only {validation.accuracy:.1%} of the "
            f"validation images: {100 * gap:.0f} points are learned by heart (overfitting). More images, augmentation "
            "or fewer trained layers help."
        )
        yield Finding(kind="overfitting", level="warning", text=text)


def _rise(epochs: Sequence[Epoch]) -> Iterator[Finding]:
    if not epochs:
        return
    best, last = min(epochs, key=lambda epoch: epoch.val_loss), epochs[-1]
    if last.val_loss > best.val_loss * (1 + CHANGE) and last.loss < best.loss and last.phase == best.phase:
        text = (
            f"After epoch {best.epoch} the validation loss rose from {best.val_loss:.3f} to {last.val_loss:.3f} while "
            f"the training loss fell from {best.loss:.3f} to {last.loss:.3f}: from there on the network learned by "
            f"heart (overfitting). {_kept(epochs)}"
        )
        yield Finding(kind="overfitting", level="info", text=text)


def _kept(epochs: Sequence[Epoch]) -> str:
    kept = [epoch.epoch for epoch in epochs if epoch.best]
    return f"Epoch {kept[-1]} was kept." if kept else "The best epoch was kept."


def _fall(epochs: Sequence[Epoch], train: SplitMetrics, validation: SplitMetrics) -> Iterator[Finding]:
    if len(epochs) <= LAST or epochs[-1].epoch < epochs[-1].epochs or train.accuracy > NEARLY_ALL:
        return
    before, last = epochs[-1 - LAST], epochs[-1]
    falling = last.val_loss < before.val_loss * (1 - CHANGE) and last.phase == before.phase
    if falling and last.val_loss == min(epoch.val_loss for epoch in epochs):
        text = (
            f"The validation loss was still falling when the last epoch ended, from {before.val_loss:.3f} to "
            f"{last.val_loss:.3f} in {LAST} epochs, at {validation.accuracy:.1%} right (underfitting): more epochs may "
            "help."
        )
        yield Finding(kind="underfitting", level="warning", text=text)


def _unfreezing(epochs: Sequence[Epoch]) -> Iterator[Finding]:
    head = [epoch for epoch in epochs if epoch.phase == "head"]
    after = [epoch for epoch in epochs if epoch.phase == "fine-tune"]
    if not head or not after:
        return
    best_head, best_after = (max(phase, key=lambda epoch: epoch.val_accuracy) for phase in (head, after))
    change = 100 * (best_after.val_accuracy - best_head.val_accuracy)
    if change < 0:
        text = (
            f"Fine-tuning did harm: the best validation accuracy was {best_head.val_accuracy:.1%} before and "
            f"{best_after.val_accuracy:.1%} after unfreezing. A smaller learning rate or more frozen layers may help."
        )
        yield Finding(kind="fine-tuning", level="warning", text=text)
    elif change > 0:
        text = (
            f"Fine-tuning helped: the best validation accuracy rose from {best_head.val_accuracy:.1%} to "
            f"{best_after.val_accuracy:.1%}."
        )
        yield Finding(kind="fine-tuning", level="good", text=text)
