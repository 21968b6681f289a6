"""One image in full size."""

import streamlit as st

from core.catalog.items import Item
from pages.shared import frame, words
from pages.shared.workspace import store

LONGEST_SIDE = 1600


@frame.dialog("An image", width="large")
def look_at(item: Item) -> None:
    """Draw an image upright, and what is known of it.

    Raises:
        ImageError: The file cannot be read any more.
    """
    from PIL import Image  # noqa: PLC0415 - only where a picture is opened

    from core.dataset.pixels import load_upright  # noqa: PLC0415

    picture = Image.fromarray(load_upright(store().path(item.digest), item.name))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    st.markdown(f"**{words.plain(item.name)}**")
    st.image(picture, output_format="JPEG", width="stretch", alt=item.name)
    st.caption(
        f"{words.plain(item.label or 'no class')} · {item.split or 'no split yet'}"
        f"{' (fixed)' if item.split_fixed else ''} · {item.width} by {item.height} pixels · "
        f"{item.size_bytes / 1e6:.2f} MB"
    )
