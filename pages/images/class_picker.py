"""The choice of a class, or of a new one."""

from collections.abc import Sequence

import streamlit as st

from core.catalog.labels import Label


def choose_class(labels: Sequence[Label], way: str, title: str = "Class") -> str | None:
    """Show the choice of a class and return its name; None while none is chosen.

    The choice is kept while the page is open, also while another way to add images is shown.

    Args:
        labels: The classes of the project.
        way: The way to add images; each has a choice of its own.
        title: Label of the widget.
    """
    return st.selectbox(
        title,
        [label.name for label in labels],
        index=None,
        placeholder="Choose a class, or type a new one",
        accept_new_options=True,
        key=f"class-for-{way}",
        persist_state="page",
    )
