"""Which strategy suits the number of images.

The rule is the usual one: few images, train little; many images, train more (Karpathy et al., CS231n, "When and how to
fine-tune?", https://cs231n.github.io/transfer-learning/; Chollet, "Transfer learning and fine-tuning",
https://keras.io/guides/transfer_learning/: fine-tune after the head has converged, with a very low learning rate).
Neither source gives numbers; the limits below are this project's, and cautious.
"""

from dataclasses import dataclass

from core.training.recipe import Strategy, WeightsKind

# Training images of the smallest class from which partial and full fine-tuning are worth a try.
ENOUGH_FOR_PARTIAL = 100
ENOUGH_FOR_FULL = 1000


@dataclass(frozen=True)
class Advice:
    """A strategy and its reason.

    Attributes:
        strategy: The strategy that suits.
        text: One sentence with the numbers behind it.
    """

    strategy: Strategy
    text: str


def advise_strategy(images: int, classes: int, smallest: int) -> Advice:
    """Choose the strategy that suits.

    Args:
        images: Number of images in all splits.
        classes: Number of classes with images.
        smallest: Number of training images of the smallest class.
    """
    have = f"You have {images:,} images in {classes} classes"
    if smallest < ENOUGH_FOR_PARTIAL:
        why = (
            f"feature extraction is the safe start, because the smallest class has only {smallest} training images, "
            "and a network with many trainable layers would memorise them (overfitting)."
        )
        return Advice("feature-extraction", f"{have}: {why}")
    if smallest < ENOUGH_FOR_FULL:
        why = (
            f"start with feature extraction, then try partial fine-tuning: {smallest} or more training images a class "
            "are often enough for the last blocks to adapt."
        )
        return Advice("partial", f"{have}: {why}")
    why = f"with {smallest:,} or more training images a class, fine-tuning the whole network is worth a try."
    return Advice("full", f"{have}: {why}")


def warn_of_strategy(strategy: Strategy, weights: WeightsKind, images: int) -> str:
    """Warn of an unsuitable combination; empty if there is nothing to warn of.

    Args:
        strategy: The chosen strategy.
        weights: The chosen weights.
        images: Number of training images.
    """
    if weights == "none" and strategy in {"feature-extraction", "partial"}:
        return (
            "These weights are random, and the frozen layers would stay random: their features mean little. Take "
            "ImageNet or starter weights, or train from scratch."
        )
    if strategy == "scratch" and images < ENOUGH_FOR_FULL:
        return (
            f"From scratch, a network learns even edges and colours from your {images:,} training images alone. Expect "
            "a lower accuracy; it is here to compare with."
        )
    return ""
