"""The training settings: epochs and early stopping for everyone, the others for experts."""

from collections.abc import Sequence

import streamlit as st

from core.training.recipe import Optimizer, Recipe
from pages.shared import recipe_editor

_OPTIMIZERS: dict[Optimizer, str] = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop"}
_RESIZE = {"crop": "Cut out the middle (*crop*)", "pad": "Add black bars (*pad*)", "stretch": "Stretch it"}
_BATCHES = [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]
_RATES = [mantissa * 10.0**power for power in range(-6, 0) for mantissa in (1, 2, 5)]


def draw(project_id: str) -> None:
    """Draw the settings that most people change."""
    recipe = recipe_editor.recipe(project_id)
    two_phases = recipe.strategy in {"partial", "full"}
    left, right = st.columns(2, gap="large")
    with left:
        title = "Epochs for the head" if two_phases else "Epochs"
        recipe_editor.field(
            project_id,
            "head_phase.epochs",
            lambda value, key: st.number_input(
                title, 1, 10_000, value, key=key, help="How often the network sees all training images."
            ),
        )
        if two_phases:
            recipe_editor.field(
                project_id,
                "fine_tune_phase.epochs",
                lambda value, key: st.number_input("Epochs for fine-tuning", 1, 10_000, value, key=key),
            )
    with right:
        _draw_early_stopping(project_id, recipe)


def draw_expert(project_id: str) -> None:
    """Draw the settings for experts."""
    recipe = recipe_editor.recipe(project_id)
    head, optimizer, data = st.tabs(["New head", "Optimizer", "Images and seed"])
    with head:
        _draw_head(project_id, recipe)
    with optimizer:
        _draw_optimizer(project_id, recipe)
    with data:
        _draw_data(project_id)


def _draw_early_stopping(project_id: str, recipe: Recipe) -> None:
    on = recipe_editor.field(
        project_id,
        "early_stopping",
        lambda value, key: (
            (recipe.early_stopping or 5)
            if st.toggle("Stop when it no longer improves (*early stopping*)", value is not None, key)
            else None
        ),
    )
    if on is not None:
        recipe_editor.field(
            project_id,
            "early_stopping",
            lambda value, key: st.number_input(
                "Epochs without a lower validation loss before it stops (*patience*)",
                1,
                1000,
                value,
                key=f"{key}-patience",
            ),
        )


def _draw_head(project_id: str, recipe: Recipe) -> None:
    recipe_editor.field(
        project_id,
        "head.pooling",
        lambda value, key: st.radio(
            "Pooling",
            ["average", "max"],
            ["average", "max"].index(value),
            key=key,
            horizontal=True,
            captions=["Mean over the image of each feature.", "Maximum over the image of each feature."],
        ),
    )
    recipe_editor.field(
        project_id,
        "head.dropout",
        lambda value, key: st.slider(
            "Dropout",
            0.0,
            0.9,
            value,
            0.05,
            key=key,
            help="Share of the features that each training step leaves out at random.",
        ),
    )
    hidden = recipe_editor.field(
        project_id,
        "head.hidden_units",
        lambda value, key: (recipe.head.hidden_units or 128) if st.toggle("Hidden layer", bool(value), key) else None,
    )
    if hidden is not None:
        recipe_editor.field(
            project_id,
            "head.hidden_units",
            lambda value, key: st.number_input("Units of the hidden layer", 1, 8192, value, key=f"{key}-units"),
        )


def _draw_optimizer(project_id: str, recipe: Recipe) -> None:
    recipe_editor.field(
        project_id,
        "optimizer",
        lambda value, key: st.selectbox(
            "Optimizer", list(_OPTIMIZERS), list(_OPTIMIZERS).index(value), _OPTIMIZERS.__getitem__, key=key
        ),
    )
    _draw_rate(project_id, "head_phase.learning_rate", "Learning rate")
    if recipe.strategy in {"partial", "full"}:
        _draw_rate(project_id, "fine_tune_phase.learning_rate", "Learning rate of the fine-tuning phase")
        st.caption("Usually a hundredth of the head's: larger steps destroy the pretrained weights.")
    recipe_editor.field(
        project_id,
        "batch_size",
        lambda value, key: st.select_slider(
            "Batch size (images per step)",
            [None, *(_BATCHES if value is None else _with(_BATCHES, value))],
            value,
            lambda size: "chosen by the number of images" if size is None else f"{size:g}",
            key=key,
        ),
    )
    recipe_editor.field(
        project_id,
        "batch_norm",
        lambda value, key: (
            "trained"
            if st.toggle(
                "Train batch normalisation as well",
                value == "trained",
                key,
                help="Off: trained layers, too, use the statistics of the pretrained network. Safer for small sets.",
            )
            else "frozen"
        ),
    )


def _draw_rate(project_id: str, path: str, label: str) -> None:
    recipe_editor.field(
        project_id,
        path,
        lambda value, key: st.select_slider(label, _with(_RATES, value), value, lambda rate: f"{rate:g}", key=key),
    )


def _draw_data(project_id: str) -> None:
    recipe_editor.field(
        project_id,
        "resize",
        lambda value, key: st.radio(
            "How an image becomes a square", list(_RESIZE), list(_RESIZE).index(value), _RESIZE.__getitem__, key=key
        ),
    )
    recipe_editor.field(
        project_id,
        "background",
        lambda value, key: st.color_picker(
            "Background of transparent images",
            value,
            key=key,
            help="The colour of transparent pixels. It is part of the exported model.",
        ).lower(),
    )
    recipe_editor.field(
        project_id,
        "class_weights",
        lambda value, key: st.toggle(
            "Give every class the same total weight (*class weights*)",
            value,
            key,
            help="For classes with very different numbers of images.",
        ),
    )
    recipe_editor.field(
        project_id,
        "precision",
        lambda value, key: (
            "bfloat16"
            if st.toggle(
                "Faster, coarser features (*bfloat16*)",
                value == "bfloat16",
                key,
                help="Where the processor supports it. Features differ by about a tenth, the accuracy hardly.",
            )
            else "float32"
        ),
    )
    recipe_editor.field(
        project_id,
        "seed",
        lambda value, key: st.number_input(
            "Seed", 0, 2**31 - 1, value, key=key, help="The same settings, images and seed give the same network."
        ),
    )


def _with(options: Sequence[float], value: float) -> list[float]:
    return sorted({*options, value})
