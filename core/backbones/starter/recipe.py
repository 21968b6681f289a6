"""The recipe of the pretraining. Free of frameworks, because rendering processes import it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PretrainingRecipe:
    """Every choice of the pretraining.

    The learning rate rises, stays constant, and falls to zero in the cooldown (Hu et al. 2024). Two recipes that differ
    only in the number of steps are equal until the cooldown of the shorter one, so a longer one can resume from there.

    Attributes:
        images_per_class: Number of images of each class.
        image_size: Height and width of the rendered images in pixels.
        view_size: Height and width of the views before the cooldown, in pixels.
        last_view_size: Height and width of the views in the cooldown.
        steps: Number of training steps.
        batch: Images per batch; each gives two views.
        learning_rate: Highest learning rate.
        warmup: Number of steps in which it rises.
        cooldown: Number of last steps, in which it falls.
        weight_decay: Of AdamW.
        contrastive_weight: Weight of the contrastive loss; the mean of the classification losses has weight 1.
        seed: Of the images, the order, the views and the initial weights.
        precision: Dtype policy of the network in training.
    """

    images_per_class: int = 120
    image_size: int = 128
    view_size: int = 64
    last_view_size: int = 96
    steps: int = 3000
    batch: int = 128
    learning_rate: float = 2e-3
    warmup: int = 100
    cooldown: int = 400
    weight_decay: float = 0.02
    contrastive_weight: float = 0.3
    seed: int = 0
    precision: str = "mixed_bfloat16"

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        return self.learning_rate * max(0.0, min(1, (step + 1) / self.warmup, (self.steps - step) / self.cooldown))

    def size(self, step: int) -> int:
        """Height and width of the views of a step."""
        return self.last_view_size if step >= self.steps - self.cooldown else self.view_size
