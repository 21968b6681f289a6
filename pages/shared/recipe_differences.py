"""The settings in which recipes differ, for tables."""

from collections.abc import Sequence
from typing import Any

from core.training.recipe import Augmentation, Recipe

_NAMES = {
    "backbone.name": "network",
    "backbone.weights": "weights",
    "backbone.weights_file": "weights file",
    "backbone.input_size": "input size",
    "strategy": "strategy",
    "cut": "frozen up to",
    "frozen_layers": "frozen layers",
    "resize": "resize",
    "background": "background",
    "bit_depth": "bit depth",
    "head.pooling": "pooling",
    "head.dropout": "dropout",
    "head.hidden_units": "hidden units",
    "augmentation.views": "variations",
    "head_phase.epochs": "epochs",
    "head_phase.learning_rate": "learning rate",
    "fine_tune_phase.epochs": "fine-tuning epochs",
    "fine_tune_phase.learning_rate": "fine-tuning learning rate",
    "batch_size": "batch size",
    "early_stopping": "early stopping",
    "class_weights": "class weights",
    "batch_norm": "batch norm",
    **{f"augmentation.{name}": name.replace("_", " ") for name in Augmentation.model_fields if name != "views"},
}


def differences(recipe: Recipe, other: Recipe) -> dict[str, str]:
    """The settings of a recipe that differ from another recipe, by name."""
    return {name: values[0] for name, values in all_differences([recipe, other]).items()}


def all_differences(recipes: Sequence[Recipe]) -> dict[str, list[str]]:
    """The settings that are not the same in all recipes: by name, the value in each recipe."""
    flat = [_flat(recipe.model_dump()) for recipe in recipes]
    return {
        _NAMES.get(field, field.replace("_", " ").replace(".", " ")): [_text(one[field]) for one in flat]
        for field in flat[0]
        if any(one[field] != flat[0][field] for one in flat)
    }


def _flat(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in data.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def _text(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
