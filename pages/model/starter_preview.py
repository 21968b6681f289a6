"""A sheet of the images that the starter learned from, drawn when it is asked for."""

import streamlit as st

from core.backbones.starter.preview import draw_sheet
from pages.shared import frame, state

ROWS, COLUMNS = 5, 8
_SHEET = "starter-sheet"


def draw() -> None:
    """Draw the button that opens the sheet."""
    if st.button("See what it learned from", icon=":material/texture:"):
        _open()


@frame.dialog("What the starter learned from", width="large")
def _open() -> None:
    number = state.get(_SHEET, 1)
    st.markdown(
        "No photograph, and nobody's property: formulas draw shapes, textures and colours, and the network learned to "
        "say by which of them an image was drawn, and which two views show the same image. These are drawn now, on "
        "this machine; nobody has seen them before, the network neither."
    )
    if st.button("Draw another sheet", icon=":material/refresh:"):
        state.set(_SHEET, number := number + 1)
    drawn = f"{ROWS * COLUMNS} images of drawn shapes and textures"
    st.image(draw_sheet(ROWS, COLUMNS, seed=number), width="stretch", caption=f"Sheet {number}", alt=drawn)
