"""Augmentation: how many random variations of each training image, how strong, and a preview on a person's images."""

from io import BytesIO

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from core.catalog.items import Filter, Item, list_items
from core.dataset.pixels import Resize, load_square, to_square
from core.features.augment import augment
from core.intake.decode_rgb import WHITE
from core.training.recipe import Augmentation, Recipe
from pages.shared import recipe_editor, words
from pages.shared.workspace import database, inspect_original, store

_SIDE = 128
_IMAGES = 3
_VIEWS = 5
_GAP = 6


def draw(project_id: str) -> None:
    """Draw the number of variations, the strength of each change, and a preview."""
    views = recipe_editor.field(
        project_id,
        "augmentation.views",
        lambda value, key: st.slider(
            "Variations of each training image (*augmentation*)",
            0,
            32,
            value,
            key=key,
            help="Each is computed once and stored. More of them help where there are few images, and take longer.",
        ),
    )
    if not views:
        st.caption("Off: the network sees each training image as it is.")
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        _draw_strengths(project_id)
    with right:
        _draw_preview(project_id, recipe_editor.recipe(project_id))


def _draw_strengths(project_id: str) -> None:
    recipe_editor.field(
        project_id, "augmentation.flip_horizontal", lambda value, key: st.toggle("Mirror left and right", value, key)
    )
    recipe_editor.field(
        project_id, "augmentation.flip_vertical", lambda value, key: st.toggle("Mirror top and bottom", value, key)
    )
    recipe_editor.field(
        project_id,
        "augmentation.rotation",
        lambda value, key: st.slider("Turn, up to (degrees)", 0.0, 180.0, value, 5.0, key=key, format="%d°"),
    )
    for field, label, most in (
        ("zoom", "Zoom, up to", 90),
        ("shift", "Shift, up to", 50),
        ("brightness", "Brighter or darker, up to", 100),
        ("contrast", "More or less contrast, up to", 100),
    ):
        _draw_share(project_id, field, label, most)


def _draw_share(project_id: str, field: str, label: str, most: int) -> None:
    recipe_editor.field(
        project_id,
        f"augmentation.{field}",
        lambda value, key: st.slider(label, 0, most, round(value * 100), 5, key=key, format="%d%%") / 100,
    )


def _draw_preview(project_id: str, recipe: Recipe) -> None:
    items = list_items(database(), project_id, Filter(split="train", excluded=False), limit=_IMAGES)
    pictures = [item for item in items if store().has(item.digest)]
    if not pictures:
        st.info("Add images to see variations of them here.", icon=":material/info:")
        return
    st.markdown("Your images, and variations of them that the network will see:")
    for item in pictures:
        square = _square(item, recipe.resize, recipe.background)
        row = _preview(item.digest, square, recipe.seed, recipe.augmentation)
        name = words.shorten(words.file_name(item.name))
        st.image(row, width="stretch", alt=f"{name} unchanged, then {_VIEWS} random variations of it")
        st.caption(words.escape_markdown(name))


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs={Item: lambda item: item.digest})
def _square(item: Item, resize: Resize, background: str) -> NDArray[np.uint8]:
    if background == WHITE:  # as in the thumbnails
        return load_square(store().thumbnail_path(item.digest), _SIDE, resize)
    found = inspect_original(item, 2 * _SIDE, background)
    with Image.open(BytesIO(found.thumbnail)) as picture:
        return to_square(picture.convert("RGB"), _SIDE, resize)


@st.cache_data(max_entries=64, show_spinner=False)
def _preview(digest: str, square: NDArray[np.uint8], seed: int, augmentation: Augmentation) -> NDArray[np.uint8]:
    """The image and variations of it, side by side: (side, width, 4) uint8 RGBA."""
    gap = np.zeros((_SIDE, _GAP, 4), np.uint8)
    row = []
    for view in range(_VIEWS + 1):
        varied = augment(square, digest, view, seed=seed, variations=augmentation)
        row += [np.dstack([varied, np.full((_SIDE, _SIDE), 255, np.uint8)]), gap]
    return np.concatenate(row[:-1], axis=1)
