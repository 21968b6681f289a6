"""How the bundle is used without Graft."""

from pathlib import Path

import streamlit as st

import core

# Read and not imported: it imports Keras, which the web process never does.
_SCRIPT = Path(core.__file__).parent / "export" / "bundle_files" / "predict.py"


def draw() -> None:
    """Draw the lines of Python that ask the model."""
    st.subheader("Use it", anchor=False)
    st.markdown(
        "Unpack the bundle, then ask the model from a terminal: `python predict.py picture.jpg`. It takes uint8 RGB "
        "pictures of any size and gives the probabilities; resizing and preprocessing are inside."
    )
    st.code(_SCRIPT.read_text(encoding="utf-8"), language="python")
