"""Looking through predictions one by one: a button and a key for each class, the steps, the pages of a grid."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from core.catalog.jobs import Job
from core.catalog.labels import list_labels
from core.use.prediction_store import PredictionStore
from pages.shared import state, words
from pages.shared.workspace import database

PAGE: Final = 24
# Classes with a key of their own; the others are chosen from the list.
KEYS: Final = "123456789"


def draw_pages(total: int, job: Job) -> int:
    """Draw the choice of a page of a grid, if there are several, and give its number from 1 on."""
    pages = max(1, -(-total // PAGE))
    return st.pagination(pages, key=f"page-{job.id}-{pages}") if pages > 1 else 1


def draw_classes(classes: Sequence[str], name: str, current: str | None, job: Job) -> str | None:
    """Draw a button for each of the first classes and a list of the others; give the class that was chosen.

    Args:
        classes: Names of the classes.
        name: What gets the class.
        current: The class that it has.
        job: The job that classified it.
    """
    chosen = None
    with st.container(horizontal=True):
        for key, label in zip(KEYS, classes, strict=False):
            icon = ":material/check:" if label == current else None
            text = words.escape_markdown(words.shorten(label, 24))
            if st.button(text, key=f"class-{key}-{job.id}", shortcut=key, icon=icon):
                chosen = label
    if len(classes) > len(KEYS):
        # The key has the class, as otherwise the choice would come back with the picture and undo a later one.
        other = st.selectbox(
            "Another class", classes, index=None, key=f"other-{job.id}-{name}-{current}", placeholder="Choose a class"
        )
        chosen = chosen or (other if other != current else None)
    return chosen


def draw_steps(job: Job, opened: str, number: int, total: int) -> None:
    """Draw the buttons to the next and the previous one.

    Args:
        job: The job that classified the files.
        opened: Where the number of the opened one is kept.
        number: That number, from 0 on.
        total: How many there are.
    """
    with st.container(horizontal=True):
        steps = (("Previous", "left", number - 1), ("Next", "right", number + 1))
        for label, key, target in steps:
            if st.button(label, key=f"{label}-{job.id}", shortcut=key, disabled=not 0 <= target < total):
                state.set(opened, target)
                st.rerun()
        if st.button("Close", key=f"close-{job.id}", shortcut="escape"):
            state.set(opened, None)
            st.rerun()


def list_classes(project_id: str, store: PredictionStore) -> list[str]:
    """The classes of the model, then those that the project has beside them."""
    known = store.property("classes")
    names = [str(name) for name in known] if isinstance(known, list) else []
    return list(dict.fromkeys([*names, *(label.name for label in list_labels(database(), project_id))]))
