"""The counts of a project's images, and a row of some images for each class."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.catalog.items import UNLABELLED, Filter, list_items
from core.catalog.labels import Label
from pages.components.thumbnail_strip import show_thumbnails
from pages.shared import state, words
from pages.shared.workspace import database

IMAGES, IMAGE_SIZE, ROW_PIXELS = 8, 4.4, 620
ROWS, MOST_ROWS = 6, 60
_ALL = "all-class-rows"


def draw(project_id: str, labels: Sequence[Label], unlabelled: int, choose: Callable[[str], None]) -> None:
    """Draw the counts and the rows.

    Args:
        project_id: The project.
        labels: Its classes.
        unlabelled: Number of images that take part and have no class.
        choose: Called with the id of a class, or `UNLABELLED`, before the page reruns to show its images.
    """
    st.markdown(describe_counts(labels, unlabelled))
    shown = labels[: MOST_ROWS if state.get(_ALL, False) else ROWS]
    for label in shown:
        _show_row(project_id, label.id, label.name, label.images, choose)
    if unlabelled:
        _show_row(project_id, UNLABELLED, "Without a class", unlabelled, choose)
    if len(labels) > len(shown) and len(shown) < MOST_ROWS:
        st.button(f"Show all {len(labels):,} classes", type="tertiary", on_click=state.set, args=(_ALL, True))


def describe_counts(labels: Sequence[Label], unlabelled: int) -> str:
    """Write the counts: `**90 images** in 3 classes: 63 train, 14 validation, 13 test. 2 are set aside.`."""
    if not labels:
        return f"**{words.count(unlabelled, 'image')}** without a class."
    images = sum(label.images for label in labels)
    splits = {split: sum(label.splits.get(split, 0) for label in labels) for split in ("train", "validation", "test")}
    text = f"**{words.count(images, 'image')}** in {words.count(len(labels), 'class', 'classes')}"
    if any(splits.values()):
        text += ": " + ", ".join(f"{number:,} {split}" for split, number in splits.items())
    aside = sum(label.excluded for label in labels)
    more = [f"{aside:,} set aside"] * bool(aside) + [f"{unlabelled:,} without a class"] * bool(unlabelled)
    return f"{text}. Beside them: {', '.join(more)}." if more else f"{text}."


def _show_row(project_id: str, label_id: str, name: str, images: int, choose: Callable[[str], None]) -> None:
    items = list_items(database(), project_id, Filter(label_id=label_id, excluded=False), limit=IMAGES)
    with st.container(key=f"row-{label_id}", horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width=180, gap=None):
            title = words.escape_markdown(name)
            st.button(
                f"**{title}**",
                key=f"show-{label_id}",
                type="tertiary",
                help=f"Show only {title}",
                on_click=choose,
                args=(label_id,),
                wrap=False,
            )
            st.caption(words.count(images, "image"))
        with st.container(width=ROW_PIXELS):
            show_thumbnails([item.digest for item in items], f"Some images of {name}", IMAGE_SIZE)
