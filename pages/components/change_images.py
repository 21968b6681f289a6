"""Buttons that change the chosen images, and undo."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from core.catalog.cleanup import forget_deleted_images
from core.catalog.edits import change_items, count_deleted_images, delete_items, last_edit, undo_edit
from core.catalog.items import Split
from core.catalog.labels import Label, add_label
from core.names import check_name
from pages.shared import frame, words
from pages.shared.workspace import database, settings

NO_CLASS, NEW_CLASS = "none", "new"  # no ids of classes
SPLITS: dict[str, Split | None] = {
    "Train": "train",
    "Validation": "validation",
    "Test": "test",
    "Random": None,
}


def show_change_buttons(
    project_id: str,
    labels: Sequence[Label],
    ids: Collection[str],
    done: Callable[[], None],
    disputed_ids: Collection[str] = (),
) -> None:
    """Show the buttons that change images.

    Args:
        project_id: The project.
        labels: Its classes.
        ids: The chosen images; if there are none, the buttons are disabled.
        done: Called after a change, before the page reruns.
        disputed_ids: Those of them whose label the network disagrees with, see `change_items`.
    """
    nothing = not ids
    images = words.count(len(ids), "image")

    def change(title: str, **values: Any) -> None:  # noqa: ANN401 - passed on to `change_items`
        def work() -> None:
            title_of_edit = f"{images} {title}"
            change_items(database(), project_id, list(ids), title_of_edit, disputed_ids=disputed_ids, **values)
            done()

        frame.run_action(work)

    def remove() -> None:
        delete_items(database(), project_id, list(ids), f"{images} deleted")
        done()

    with st.container(horizontal=True):
        names = {label.id: label.name for label in labels} | {NEW_CLASS: "A new class …", NO_CLASS: "No class"}
        target = st.menu_button(
            "Move to class",
            list(names),
            format_func=lambda one: words.escape_markdown(names[one]),
            icon=":material/drive_file_move:",
            disabled=nothing,
        )
        if target == NEW_CLASS:
            known = {label.name: label.id for label in labels}
            _move_to_new_class(
                images, lambda name: change(f"moved to {name}", label_id=_class_id(project_id, known, name))
            )
        elif target is not None:
            change(f"moved to {names[target]}", label_id=None if target == NO_CLASS else target)
        split = st.menu_button("Set split", list(SPLITS), icon=":material/call_split:", disabled=nothing)
        if split is not None:
            change(f"put into {split}" if SPLITS[split] else "left to the random split", split=SPLITS[split])
        if st.button("Set aside", icon=":material/visibility_off:", disabled=nothing, help="Keep, but do not train on"):
            change("set aside", excluded=True)
        if st.button("Take back", icon=":material/visibility:", disabled=nothing, help="Train on them again"):
            change("taken back", excluded=False)
        if st.button("Delete", icon=":material/delete:", disabled=nothing):
            frame.run_action(remove)


@frame.dialog("Move to a new class")
def _move_to_new_class(images: str, move: Callable[[str], None]) -> None:
    with st.form("move-to-new-class", border=False):
        typed = st.text_input(f"Name of the class of {images}")
        if st.form_submit_button("Move them", type="primary"):
            move(check_name(typed, "class"))


def _class_id(project_id: str, known: Mapping[str, str], name: str) -> str:
    return known.get(name) or add_label(database(), project_id, name)


def show_undo_button(project_id: str) -> None:
    """Show the button that undoes the last change."""
    edit = last_edit(database(), project_id)
    if edit is None:
        return
    if st.button(f"Undo: {words.escape_markdown(edit.title)}", icon=":material/undo:", key=f"undo-{edit.id}"):
        frame.run_action(lambda: undo_edit(database(), project_id, edit.id), f"Undone: {edit.title}")
    if deleted := count_deleted_images(database(), project_id):
        _show_forget_button(project_id, deleted)


def _show_forget_button(project_id: str, deleted: int) -> None:
    with st.popover("Remove deleted images for good", icon=":material/delete_forever:"):
        st.markdown(
            f"{words.count(deleted, 'deleted image')} can still come back by undo. Removing them for good deletes "
            "their files and everything computed from them, unless another project uses them. No earlier change of "
            "this project can be undone afterwards."
        )
        if st.button("Remove for good", key="forget-deleted"):
            frame.run_action(
                lambda: forget_deleted_images(database(), settings(), project_id),
                f"{words.count(deleted, 'image was', 'images were')} removed for good.",
            )
