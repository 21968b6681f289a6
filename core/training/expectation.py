"""What to expect of a training before it starts. Free of frameworks, so pages and workers use the same sentences."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.backbones.folding import has_folded_batch_norm
from core.backbones.weights import weights_path
from core.backbones.zoo import find_backbone
from core.errors import WeightsError
from core.training.recipe import Recipe

Code = Literal["folded-batch-norm"]


@dataclass(frozen=True)
class Expectation:
    """A reason why a training may not be worth its time.

    Attributes:
        code: The reason.
        sentence: The reason and what to choose instead, for a person.
    """

    code: Code
    sentence: str


def expect_fine_tuning(recipe: Recipe, keras_home: Path) -> Expectation | None:
    """Tell whether fine-tuning is expected not to help; None if nothing is known against it.

    Args:
        recipe: Every choice.
        keras_home: Folder whose `models` holds ImageNet weights.
    """
    if recipe.strategy not in ("partial", "full") or recipe.backbone.weights == "none":
        return None
    file = recipe.backbone.weights_file
    path = Path(file) if file is not None else weights_path(find_backbone(recipe.backbone.name), keras_home)
    try:
        is_folded = path.is_file() and has_folded_batch_norm(path)
    except WeightsError:  # reported when the weights are loaded
        return None
    if not is_folded:
        return None
    return Expectation(
        "folded-batch-norm",
        f"Fine-tuning may not help: the batch normalisation of these weights of {recipe.backbone.name} was folded into "
        "the convolutions. Compare it with feature extraction, which takes less time, or choose a network whose "
        "weights still have their batch normalisation.",
    )
