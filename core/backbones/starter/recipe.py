"""The recipe of the pretraining. Free of any framework, so that the processes that draw import none."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PretrainingRecipe:
    """Every choice of the pretraining.

    The learning rate rises, stays, and falls to nothing in the cooldown (Hu et al. 2024), so two recipes that differ
    only in their number of steps are the same until the shorter one cools down: a longer one goes on from there.

    Attributes:
        pages: Images of each class.
        image_size: At which they are drawn, in pixels.
        view_size: Height and width of the views before the cooldown, in pixels.
        last_view_size: In the cooldown.
        steps: Batches.
        batch: Images a batch; each is seen in two views.
        learning_rate: At its highest.
        warmup: Steps in which it rises.
        cooldown: Last steps, in which it falls.
        weight_decay: Of AdamW.
        same_weight: How much the question "same image?" counts beside the mean of the others.
        seed: Of the images, the order, the views and the first weights.
        precision: Of the network in training.
    """

    pages: int = 120
    image_size: int = 128
    view_size: int = 64
    last_view_size: int = 96
    steps: int = 3000
    batch: int = 128
    learning_rate: float = 2e-3
    warmup: int = 100
    cooldown: int = 400
    weight_decay: float = 0.02
    same_weight: float = 0.3
    seed: int = 0
    precision: str = "mixed_bfloat16"

    def rate(self, step: int) -> float:
        """Learning rate of one step, the first being 0."""
        return self.learning_rate * max(0.0, min(1, (step + 1) / self.warmup, (self.steps - step) / self.cooldown))

    def size(self, step: int) -> int:
        """Height and width of the views of one step."""
        return self.last_view_size if step >= self.steps - self.cooldown else self.view_size
