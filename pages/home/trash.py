"""The projects that were deleted in the last 30 days: each can come back, or be deleted for good."""

import time

import streamlit as st

from core.catalog.cleanup import delete_for_good
from core.catalog.projects import DAY_SECONDS, TRASH_DAYS, Project, list_trash, restore_project
from pages.shared import frame, words
from pages.shared.workspace import database, settings


def draw() -> None:
    """Draw the deleted projects; nothing if there are none."""
    deleted = list_trash(database())
    if not deleted:
        return
    with st.expander(f"Recently deleted ({len(deleted)})", key="trash", icon=":material/delete:"):
        for project in deleted:
            _show_row(project)


def _show_row(project: Project) -> None:
    name = words.escape_markdown(project.name)
    deleted_at = project.deleted_at or time.time()
    left = max(0.0, deleted_at + TRASH_DAYS * DAY_SECONDS - time.time())
    with st.container(key=f"trash-{project.id}", horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{name}**, {words.count(project.images, 'image')}, {words.count(project.runs, 'run')}: deleted "
            f"{words.ago(deleted_at)}, gone for good in {words.count(-int(-left // DAY_SECONDS), 'day')}.",
            width="stretch",
        )
        if st.button("Bring back", key=f"restore-{project.id}", icon=":material/undo:", help=f"Bring back {name}"):
            frame.run_action(lambda: restore_project(database(), project.id), f"“{project.name}” is back.")
        if st.button("Delete for good", key=f"delete-{project.id}", help=f"Delete {name} for good"):
            _ask_to_delete(project)


@frame.dialog("Delete the project for good?")
def _ask_to_delete(project: Project) -> None:
    st.markdown(
        f"“{words.escape_markdown(project.name)}” with {words.count(project.images, 'image')} and "
        f"{words.count(project.runs, 'run')} cannot come back afterwards. Images that another project uses stay there."
    )
    with st.container(horizontal=True):
        if st.button("Delete permanently", type="primary"):
            frame.run_action(
                lambda: delete_for_good(database(), settings(), project.id), f"“{project.name}” was deleted for good."
            )
        if st.button("Cancel"):
            st.rerun()
