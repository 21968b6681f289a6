"""One image in full size, with the way to the images before and after it."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.catalog.edits import Correction, correct_items
from core.catalog.items import Filter, Item, list_items
from core.catalog.labels import list_labels
from core.names import check_name
from pages.shared import frame, state, words
from pages.shared.workspace import database, inspect_original

LONGEST_SIDE = 1600
# Pixels: an image fits into most windows, and a tiny one is enlarged.
HIGHEST, LEAST_WIDTH = 560, 320
_VIEWED = "viewed-image"


def show_image(item: Item, items: Sequence[Item] = (), *, project_id: str | None = None) -> None:
    """Open a dialog with an image, upright, and what is known of it.

    Args:
        item: The image.
        items: The images among which *Previous* and *Next* lead, in their order.
        project_id: The project, if the class can be changed; the page then reruns when the dialog is closed.

    Raises:
        ImageError: The file cannot be read any more.
    """
    state.set(_VIEWED, item.id)
    shown = items or [item]
    if project_id is None:
        _open(shown)
    else:
        _open_changeable(shown, project_id)


@frame.dialog("An image", width="large")
def _open(items: Sequence[Item]) -> None:
    with _row():
        item = _show_steps(items)
    _draw(item)


@frame.dialog("An image", width="large", on_dismiss="rerun")
def _open_changeable(items: Sequence[Item], project_id: str) -> None:
    with _row():
        item = _show_steps(items)
        found = list_items(database(), project_id, Filter(digests=[item.digest]))
        item = next((one for one in found if one.id == item.id), item)
        _show_class(project_id, item)
    _draw(item)


def _row() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="bottom")


def _show_steps(items: Sequence[Item]) -> Item:
    """Show the buttons to the previous and the next image; return the image to show."""
    ids = [item.id for item in items]
    viewed = state.get(_VIEWED, ids[0])
    position = ids.index(viewed) if viewed in ids else 0
    if len(ids) > 1:
        for title, key, target in (("Previous", "Left", position - 1), ("Next", "Right", position + 1)):
            there = 0 <= target < len(ids)
            new = ids[target] if there else viewed
            st.button(title, shortcut=key, disabled=not there, on_click=state.set, args=(_VIEWED, new))
    return items[position]


def _show_class(project_id: str, item: Item) -> None:
    """Show the choice of the image's class, and move the image."""
    names = [label.name for label in list_labels(database(), project_id)]
    chosen = st.selectbox(
        "Class",
        names,
        index=names.index(item.label) if item.label in names else None,
        placeholder="No class: choose one, or type a new one",
        accept_new_options=True,
        key=f"class-of-{item.id}-{item.label_id}",
        width=280,
    )
    if chosen is not None and chosen != item.label:
        name = check_name(chosen, "class")
        correct_items(database(), project_id, {item.id: Correction(label=name)}, f"1 image moved to {name}")
        frame.rerun()


def _draw(item: Item) -> None:
    found = inspect_original(item, LONGEST_SIDE)
    st.markdown(f"**{words.escape_markdown(item.name)}**")
    st.caption(
        f"{words.escape_markdown(item.label or 'no class')} · {item.split or 'no split yet'}"
        f"{' (fixed)' if item.split_fixed else ''}{' · set aside' if item.excluded else ''} · "
        f"{item.width} by {item.height} pixels · {words.size(item.size_bytes)}"
    )
    st.image(found.thumbnail, width=_width(found.width, found.height), alt=item.name)


def _width(width: int, height: int) -> int:
    """Width on the page, in pixels, of an image whose upright size is given."""
    shrink = min(1, LONGEST_SIDE / max(width, height))
    width, height = max(1, round(width * shrink)), max(1, round(height * shrink))
    return round(min(max(width, LEAST_WIDTH), width * HIGHEST / height))
