"""Which strategy suits how many images, in one sentence.

The rule is the usual one: few images, train little; many images, train more (Karpathy et al., CS231n, "When and how to
fine-tune?", https://cs231n.github.io/transfer-learning/; Chollet, "Transfer learning and fine-tuning",
https://keras.io/guides/transfer_learning/: fine-tune after the head has converged, with a very low learning rate).
Neither source gives numbers; the limits below are this project's, and on the careful side.
"""

from dataclasses import dataclass

from core.training.recipe import Strategy, WeightsKind

# Training images a class from which there is enough to try more than the head, and to train every layer.
ENOUGH_FOR_PARTIAL = 100
ENOUGH_FOR_FULL = 1000


@dataclass(frozen=True)
class Advice:
    """What to choose, and why.

    Attributes:
        strategy: The strategy that suits.
        text: One sentence with the numbers that it follows from.
    """

    strategy: Strategy
    text: str


def advise_strategy(images: int, classes: int, smallest: int) -> Advice:
    """Say which strategy suits.

    Args:
        images: Images that take part, in all splits.
        classes: Classes that have images.
        smallest: Training images of the class that has the fewest.
    """
    have = f"You have {images:,} images in {classes} classes"
    if smallest < ENOUGH_FOR_PARTIAL:
        why = (
            f"feature extraction is the safe start, because the smallest class has only {smallest} training images, "
            "and a network with many trainable layers would learn them by heart (overfitting)."
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
    """Say what speaks against a combination; empty where nothing does.

    Args:
        strategy: The chosen strategy.
        weights: The chosen weights.
        images: Training images.
    """
    if weights == "none" and strategy in {"feature-extraction", "partial"}:
        return (
            "These weights are random, and the frozen layers would stay random: what they see means little. Take "
            "ImageNet or starter weights, or train from scratch."
        )
    if strategy == "scratch" and images < ENOUGH_FOR_FULL:
        return (
            f"From scratch, a network learns even edges and colours from your {images:,} training images alone. Expect "
            "a lower accuracy; it is here to compare with."
        )
    return ""
