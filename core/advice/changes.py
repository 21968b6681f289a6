"""Change one choice of a recipe and keep the others possible: pure functions from recipe to recipe.

A cut belongs to one network, and initial weights to a strategy. When a person changes one of them, the others change
to the nearest choice that fits, instead of an error.
"""

from typing import Any

from core.advice.freezing_curve import NOTHING_FROZEN
from core.backbones.zoo import find_backbone
from core.training.plan import default_cut
from core.training.recipe import Recipe, Strategy, WeightsKind, make_recipe


def with_backbone(recipe: Recipe, name: str, weights: WeightsKind) -> Recipe:
    """Choose another network, at its own input size and with its default cut.

    Args:
        recipe: The recipe to change.
        name: Of the network.
        weights: Initial weights, unless the strategy is from scratch.

    Raises:
        RecipeError: There is no such network.
    """
    spec = find_backbone(name)
    kind = "none" if recipe.strategy == "scratch" else weights
    data = recipe.model_dump() | {"backbone": {"name": name, "weights": kind}, "cut": None, "frozen_layers": None}
    if recipe.strategy == "partial":
        data["cut"] = default_cut(spec).name
    return make_recipe(data)


def with_weights(recipe: Recipe, kind: WeightsKind, weights_file: str | None = None) -> Recipe:
    """Choose other initial weights; training from scratch becomes feature extraction unless they are random.

    Raises:
        RecipeError: A file is missing, or is given for another kind of weights.
    """
    backbone = recipe.backbone.model_dump() | {"weights": kind, "weights_file": weights_file}
    data = recipe.model_dump() | {"backbone": backbone}
    if recipe.strategy == "scratch" and kind != "none":
        data["strategy"] = "feature-extraction"
    return make_recipe(data)


def with_strategy(recipe: Recipe, strategy: Strategy, weights: WeightsKind) -> Recipe:
    """Choose another strategy.

    Args:
        recipe: The recipe to change.
        strategy: The new strategy.
        weights: Initial weights, if the old strategy was from scratch and the new one is not.
    """
    data: dict[str, Any] = recipe.model_dump() | {"strategy": strategy, "cut": None, "frozen_layers": None}
    if strategy == "partial":
        data["cut"] = default_cut(find_backbone(recipe.backbone.name)).name
    if strategy == "scratch":
        data["backbone"] |= {"weights": "none", "weights_file": None}
    elif recipe.strategy == "scratch":
        data["backbone"] |= {"weights": weights, "weights_file": None}
    return make_recipe(data)


def with_cut(recipe: Recipe, cut: str) -> Recipe:
    """Freeze the layers up to a cut of the network."""
    return make_recipe(recipe.model_dump() | {"cut": cut, "frozen_layers": None})


def with_frozen_layers(recipe: Recipe, layers: int) -> Recipe:
    """Freeze an exact number of layers; if a cut has this number, that cut is chosen."""
    spec = find_backbone(recipe.backbone.name)
    exact = [cut.name for cut in spec.cuts if cut.layers == layers < spec.layers]
    if exact:
        return with_cut(recipe, exact[0])
    return make_recipe(recipe.model_dump() | {"cut": None, "frozen_layers": layers})


def with_freezing(recipe: Recipe, cut: str, weights: WeightsKind) -> Recipe:
    """Freeze the layers up to a cut, by the strategy that this needs.

    Args:
        recipe: The recipe to change.
        cut: Name of the cut: the last one for feature extraction, `NOTHING_FROZEN` for full fine-tuning.
        weights: Initial weights, if the old strategy was from scratch.
    """
    if cut == NOTHING_FROZEN:
        return with_strategy(recipe, "full", weights)
    if cut == find_backbone(recipe.backbone.name).cuts[-1].name:
        return with_strategy(recipe, "feature-extraction", weights)
    return with_cut(with_strategy(recipe, "partial", weights), cut)
