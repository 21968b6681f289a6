"""One image in full size."""

import streamlit as st

from core.catalog.items import Item
from pages.shared import frame, words
from pages.shared.workspace import store

LONGEST_SIDE = 1600
# Pixels: an image fits into most windows, and a tiny one is enlarged.
HIGHEST, LEAST_WIDTH = 640, 320


@frame.dialog("An image", width="large")
def show_image(item: Item) -> None:
    """Draw an image upright, and what is known of it.

    Raises:
        ImageError: The file cannot be read any more.
    """
    from PIL import Image  # noqa: PLC0415 - only where a picture is opened

    from core.dataset.pixels import load_image  # noqa: PLC0415

    picture = Image.fromarray(load_image(store().path(item.digest), item.name))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    st.markdown(f"**{words.escape_markdown(item.name)}**")
    st.caption(
        f"{words.escape_markdown(item.label or 'no class')} · {item.split or 'no split yet'}"
        f"{' (fixed)' if item.split_fixed else ''} · {item.width} by {item.height} pixels · "
        f"{words.size(item.size_bytes)}"
    )
    st.image(picture, output_format="JPEG", width=_width(*picture.size), alt=item.name)


def _width(width: int, height: int) -> int:
    return round(min(max(width, LEAST_WIDTH), width * HIGHEST / height))
