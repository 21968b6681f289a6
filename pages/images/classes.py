"""The classes: their number of images in each split, and the actions on a class."""

from collections.abc import Sequence

import streamlit as st

from core.catalog.edits import delete_label, merge_labels
from core.catalog.labels import Label, add_label, rename_label
from pages.components.change_images import show_undo_button
from pages.shared import frame, words
from pages.shared.workspace import database


def draw(project_id: str, labels: Sequence[Label]) -> None:
    """Draw the counts as a table and a chart, the actions on a class, and the form for a new class."""
    if labels:
        _show_table(labels)
        _show_actions(project_id, labels)
    else:
        st.info(
            "There is no class yet. Add one below, or images in folders named after classes.", icon=":material/info:"
        )
    _show_new(project_id)
    show_undo_button(project_id)
    if any(label.images for label in labels):
        from pages.components import charts  # noqa: PLC0415 - Plotly only where something is plotted
        from pages.images.class_chart import class_chart  # noqa: PLC0415

        charts.show(class_chart(labels), key="class-chart")


def _show_table(labels: Sequence[Label]) -> None:
    st.dataframe(
        {
            "Class": [label.name for label in labels],
            "Train": [label.splits.get("train", 0) for label in labels],
            "Validation": [label.splits.get("validation", 0) for label in labels],
            "Test": [label.splits.get("test", 0) for label in labels],
            "All": [label.images for label in labels],
            "Set aside": [label.excluded for label in labels],
        },
        hide_index=True,
        column_config={"Class": st.column_config.TextColumn(width="medium", pinned=True)},
        alt="Images of each class in each split",
    )


def _show_actions(project_id: str, labels: Sequence[Label]) -> None:
    by_id = {label.id: label for label in labels}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Change a class", list(by_id), format_func=lambda one: by_id[one].name, key="changed-class", width=280
        )
        if st.button("Rename", icon=":material/edit:"):
            _rename(project_id, by_id[chosen])
        if st.button("Merge into another", icon=":material/merge:", disabled=len(labels) == 1):
            _merge(project_id, by_id[chosen], labels)
        if st.button("Delete", icon=":material/delete:"):
            _ask_to_delete(project_id, by_id[chosen])


def _show_new(project_id: str) -> None:
    with st.form("new-class", border=False, clear_on_submit=True):
        name, button = st.columns([4, 1], vertical_alignment="bottom")
        typed = name.text_input("Name of a new class")
        submitted = button.form_submit_button("Add class", width="stretch")
    if submitted:
        frame.run_action(lambda: add_label(database(), project_id, typed), f"The class “{typed}” was added.")


@frame.dialog("Rename the class")
def _rename(project_id: str, label: Label) -> None:
    with st.form("rename-class", border=False):
        name = st.text_input("New name", value=label.name)
        if st.form_submit_button("Rename", type="primary"):
            frame.run_action(
                lambda: rename_label(database(), project_id, label.id, name), f"“{label.name}” is now called “{name}”."
            )


@frame.dialog("Merge two classes")
def _merge(project_id: str, label: Label, labels: Sequence[Label]) -> None:
    others = [other for other in labels if other.id != label.id]
    title = f"Move all images of “{words.escape_markdown(label.name)}” into"
    into = st.selectbox(title, others, format_func=lambda other: other.name)
    st.caption(f"The class “{words.escape_markdown(label.name)}” is removed. This can be undone.")
    if st.button("Merge", type="primary"):
        frame.run_action(
            lambda: merge_labels(database(), project_id, label.id, into.id),
            f"“{label.name}” was merged into “{into.name}”.",
        )


@frame.dialog("Delete the class?")
def _ask_to_delete(project_id: str, label: Label) -> None:
    images = label.images + label.excluded
    st.markdown(
        f"The class “{words.escape_markdown(label.name)}” will be removed. "
        f"Its {words.count(images, 'image')} stay in the project "
        "without a class, and take no part in a training until they are moved to another one. This can be undone."
    )
    with st.container(horizontal=True):
        if st.button("Delete the class", type="primary"):
            frame.run_action(
                lambda: delete_label(database(), project_id, label.id), f"The class “{label.name}” was deleted."
            )
        if st.button("Cancel"):
            st.rerun()
