"""One image in full size."""

import streamlit as st

from core.catalog.items import Item
from pages.shared import frame, words
from pages.shared.workspace import inspect_original

LONGEST_SIDE = 1600
# Pixels: an image fits into most windows, and a tiny one is enlarged.
HIGHEST, LEAST_WIDTH = 640, 320


@frame.dialog("An image", width="large")
def show_image(item: Item) -> None:
    """Draw an image upright, and what is known of it.

    Raises:
        ImageError: The file cannot be read any more.
    """
    found = inspect_original(item, LONGEST_SIDE)
    st.markdown(f"**{words.escape_markdown(item.name)}**")
    st.caption(
        f"{words.escape_markdown(item.label or 'no class')} · {item.split or 'no split yet'}"
        f"{' (fixed)' if item.split_fixed else ''} · {item.width} by {item.height} pixels · "
        f"{words.size(item.size_bytes)}"
    )
    st.image(found.thumbnail, width=_width(found.width, found.height), alt=item.name)


def _width(width: int, height: int) -> int:
    """Width on the page, in pixels, of an image whose upright size is given."""
    shrink = min(1, LONGEST_SIDE / max(width, height))
    width, height = max(1, round(width * shrink)), max(1, round(height * shrink))
    return round(min(max(width, LEAST_WIDTH), width * HIGHEST / height))
