"""A row of small pictures, which the browser loads when it comes into view."""

import html
from collections.abc import Sequence

import streamlit as st

from pages.routes import thumbnails


def show_thumbnails(digests: Sequence[str], label: str, size: float) -> None:
    """Show the thumbnails of images in one row, as many as there is room for.

    Args:
        digests: SHA-256 of the images.
        label: What they are, for screen readers.
        size: Smallest width of a picture, in units of the text size.
    """
    pictures = "".join(f'<img src="{thumbnails.link(one)}" alt="" loading="lazy">' for one in digests)
    st.html(
        f'<div class="graft-thumbnails" role="img" aria-label="{html.escape(label)}" style="--size: {size}rem">'
        f"{pictures}</div>"
    )
