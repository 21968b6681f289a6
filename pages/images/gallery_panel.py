"""The gallery: filters, pages of images, and actions on the chosen images."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import streamlit as st

from core.catalog.items import UNLABELLED, Filter, Item, Split, count_items, list_items
from core.catalog.labels import Label
from pages.components.change_images import show_change_buttons, show_undo_button
from pages.components.gallery import Tile, show_gallery
from pages.components.image_viewer import show_image
from pages.images import class_rows
from pages.shared import frame, state, words
from pages.shared.workspace import database

SIZES = (24, 48, 96)
ANY, NO_CLASS = "All classes", "Without a class"
SPLITS = {"All splits": None, "Train": "train", "Validation": "validation", "Test": "test"}
_KEYS = "With the keyboard, once a picture has the focus: Ctrl+A chooses the page, Escape none, and the arrows move."
STATES = {"All": None, "Taking part": False, "Set aside": True}


@dataclass(frozen=True)
class Choice:
    """The images that are chosen in a project.

    Attributes:
        project_id: The project.
        ids: The chosen images, on all pages.
        round: Number of times that a button changed the choice; each time the gallery gets a new key.
        shown: Key of the gallery on the page, and the ids that were chosen when it was first shown.
    """

    project_id: str
    ids: frozenset[str] = frozenset()
    round: int = 0
    shown: tuple[str, frozenset[str]] = field(default=("", frozenset()))


@frame.fragment
def draw(project_id: str, labels: Sequence[Label], unlabelled: int) -> None:
    """Draw a row for each class, the filters, the actions and a page of images.

    Args:
        project_id: The project.
        labels: Its classes.
        unlabelled: Number of images that take part and have no class.
    """
    rows = st.container()
    chosen_filter = _show_filters(labels)
    if chosen_filter == Filter():
        with rows:
            class_rows.draw(project_id, labels, unlabelled, _choose_class)
    total = count_items(database(), project_id, chosen_filter)
    bar = st.container()
    pictures = st.container()
    page, size = _show_pages(total, chosen_filter)
    items = list_items(database(), project_id, chosen_filter, offset=(page - 1) * size, limit=size)
    with pictures:
        choice = _show_pictures(_choice(project_id), items, str((chosen_filter, page, size)))
    with bar:
        _show_bar(choice, chosen_filter, items, total)
        show_change_buttons(project_id, labels, choice.ids, lambda: _remember(choice, frozenset()))
        show_undo_button(project_id)


def _choose_class(label_id: str) -> None:
    state.set_widget("filter-class", NO_CLASS if label_id == UNLABELLED else label_id)


def _show_filters(labels: Sequence[Label]) -> Filter:
    columns = st.columns([3, 2, 2, 3])
    options = [ANY, *(label.id for label in labels), NO_CLASS]
    names = {label.id: label.name for label in labels}
    label = columns[0].selectbox("Class", options, format_func=lambda one: names.get(one, one), key="filter-class")
    split = columns[1].selectbox("Split", list(SPLITS), key="filter-split")
    excluded = columns[2].selectbox("Images", list(STATES), key="filter-state")
    text = columns[3].text_input("Part of the file name", key="filter-text", icon=":material/search:")
    return Filter(
        label_id={ANY: None, NO_CLASS: UNLABELLED}.get(label, label),
        split=cast(Split | None, SPLITS[split]),
        excluded=STATES[excluded],
        text=text.strip(),
    )


def _show_pages(total: int, chosen: Filter) -> tuple[int, int]:
    left, right = st.columns([1, 2], vertical_alignment="center")
    size = left.segmented_control(
        "Pictures a page", SIZES, default=SIZES[0], required=True, key="gallery-size", label_visibility="collapsed"
    )
    pages = -(-total // size)
    if pages < 2:  # noqa: PLR2004 - nothing to turn
        return 1, size
    return right.pagination(pages, key=f"gallery-page-{hash((chosen, size, pages))}", width="stretch"), size


def _show_pictures(choice: Choice, items: Sequence[Item], view: str) -> Choice:
    """Show a page of images and return the choice with what was clicked."""
    if not items:
        st.info("No image matches. Choose another class, split or name above.", icon=":material/info:")
        return choice
    key = f"gallery-{choice.project_id}-{choice.round}-{hash(view)}"
    here = frozenset(item.id for item in items)
    if choice.shown[0] != key:
        choice = replace(choice, shown=(key, choice.ids & here))
    answer = show_gallery(key, [_tile(item) for item in items], "Images of the project", choice.shown[1])
    if answer.chosen is not None:
        choice = replace(choice, ids=(choice.ids - here) | (answer.chosen & here))
    state.set("choice", choice)
    opened = next((item for item in items if item.id == answer.opened), None)
    if opened is not None:
        show_image(opened, items, project_id=choice.project_id)
    return choice


def _show_bar(choice: Choice, chosen_filter: Filter, items: Sequence[Item], total: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{words.count(total, 'image')}**, {len(choice.ids):,} chosen", width="content")
        if st.button("Choose this page", type="tertiary", disabled=not items, help=_KEYS):
            _choose(choice, choice.ids | {item.id for item in items})
        if st.button(f"Choose all {total:,}", type="tertiary", disabled=total <= len(items)):
            everything = list_items(database(), choice.project_id, chosen_filter)
            _choose(choice, frozenset(item.id for item in everything))
        if st.button("Choose none", type="tertiary", disabled=not choice.ids):
            _choose(choice, frozenset())


def _choose(choice: Choice, ids: frozenset[str]) -> None:
    _remember(choice, ids)
    st.rerun()


def _remember(choice: Choice, ids: frozenset[str]) -> None:
    state.set("choice", Choice(choice.project_id, ids, choice.round + 1))


def _choice(project_id: str) -> Choice:
    choice = state.get("choice", Choice(project_id))
    return choice if choice.project_id == project_id else Choice(project_id)


def _tile(item: Item) -> Tile:
    where = "set aside" if item.excluded else item.split or "no split yet"
    line = f"{item.label or 'no class'} · {where}"
    return Tile(item.id, item.digest, item.name, (line,), muted=item.excluded)
