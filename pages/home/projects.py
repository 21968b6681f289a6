"""The form for a new project, and the list of projects with their actions."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.catalog.cleanup import delete_project_files
from core.catalog.projects import Project, create_project, delete_project, duplicate_project, rename_project
from pages.shared import frame, state, words
from pages.shared.steps import IMAGES
from pages.shared.workspace import database, settings

PAGE = 24
SEARCH_FROM = 9


def show_form() -> None:
    """Show the form that creates a project."""
    with st.form("new-project", border=False):
        name, button = st.columns([4, 1], vertical_alignment="bottom")
        typed = name.text_input("Name of a new project", placeholder="for example: Bees and ants")
        submitted = button.form_submit_button("Create project", type="primary", width="stretch")
    if submitted:
        with frame.show_errors():
            frame.go_to(IMAGES, project_id=create_project(database(), typed))


def draw(projects: Sequence[Project]) -> None:
    """Draw the projects, the last changed one first."""
    if not projects:
        st.info("There is no project yet. Create one above, or try a sample set.", icon=":material/info:")
        return
    found = _search(projects)
    pages = -(-len(found) // PAGE)
    cards = st.container()
    page = st.pagination(pages, key=f"projects-page-{pages}") if pages > 1 else 1
    with cards, st.grid(columns="auto", min_column_width=290, border=True):
        for project in found[(page - 1) * PAGE : page * PAGE]:
            with st.container(key=f"project-{project.id}", height="stretch"):
                _show_card(project)


def _search(projects: Sequence[Project]) -> Sequence[Project]:
    if len(projects) < SEARCH_FROM:
        return projects
    text = st.text_input("Find a project", key="find-project", icon=":material/search:").casefold()
    found = [project for project in projects if text in project.name.casefold()]
    if not found:
        st.info("No project has this text in its name.", icon=":material/info:")
    return found


def _show_card(project: Project) -> None:
    st.subheader(words.escape_markdown(project.name), anchor=False)
    st.caption(
        f"{words.count(project.classes, 'class', 'classes')}, {words.count(project.images, 'image')}, "
        f"{words.count(project.runs, 'run')} · changed {words.ago(project.updated_at)}"
    )
    st.space("stretch")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Open", key=f"open-{project.id}", icon=IMAGES.icon, help=f"Open {words.escape_markdown(project.name)}"
        ):
            frame.go_to(IMAGES, project_id=project.id)
        actions: dict[str, Callable[[Project], None]] = {
            "Rename": _rename,
            "Duplicate": _duplicate,
            "Delete": _ask_to_delete,
        }
        chosen = st.menu_button("More", list(actions), key=f"more-{project.id}")
        if chosen is not None:
            actions[chosen](project)


@frame.dialog("Rename the project")
def _rename(project: Project) -> None:
    with st.form("rename-project", border=False):
        name = st.text_input("New name", value=project.name)
        if st.form_submit_button("Rename", type="primary"):
            frame.run_action(
                lambda: rename_project(database(), project.id, name), f"The project is now called “{name}”."
            )


def _duplicate(project: Project) -> None:
    frame.run_action(
        lambda: duplicate_project(database(), project.id),
        f"“{project.name}” was duplicated, without its runs.",
    )


@frame.dialog("Delete the project?")
def _ask_to_delete(project: Project) -> None:
    st.markdown(
        f"“{words.escape_markdown(project.name)}” with {words.count(project.images, 'image')} and "
        f"{words.count(project.runs, 'run')} will be deleted permanently. Images that another project uses stay there."
    )
    with st.container(horizontal=True):
        if st.button("Delete permanently", type="primary"):
            frame.run_action(lambda: _delete(project), f"“{project.name}” was deleted.")
        if st.button("Cancel"):
            st.rerun()


def _delete(project: Project) -> None:
    delete_project_files(database(), settings(), delete_project(database(), project.id))
    state.reload_draft()
