"""The choice of a class, or of a new one."""

from collections.abc import Sequence

import streamlit as st

from core.catalog.labels import Label


def choose_class(labels: Sequence[Label], way: str, title: str = "Class") -> str | None:
    """Draw the choice and give the class's name, None while none is chosen.

    As long as the page is open it outlives drawings in which it is not, for example while another way is chosen.

    Args:
        labels: The classes of the project.
        way: What the class is for; each has a choice of its own.
        title: What to ask.
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
