"""The form for a new project, and the list of projects with their actions."""

from collections.abc import Callable, Collection, Mapping, Sequence

import streamlit as st

from core.catalog.overview import Overview, project_overviews
from core.catalog.projects import (
    TRASH_DAYS,
    Project,
    create_project,
    duplicate_project,
    rename_project,
    trash_project,
)
from core.jobs.specs import IngestSpec, TrainSpec
from pages.components.thumbnail_strip import show_thumbnails
from pages.shared import frame, state, words
from pages.shared.steps import IMAGES
from pages.shared.workspace import database

PAGE = 24
SEARCH_FROM = 9
REFRESH_SECONDS = 2.0
THUMBNAIL_SIZE = 3  # five fit onto most cards


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
    shown = found[(page - 1) * PAGE : page * PAGE]
    overviews = project_overviews(database(), [project.id for project in shown])
    with cards, st.grid(columns="auto", min_column_width=290, border=True):
        for project in shown:
            with st.container(key=f"project-{project.id}", height="stretch"):
                _show_card(project, overviews[project.id])
    at_work = {one: overview.at_work for one, overview in overviews.items() if overview.at_work}
    if at_work:
        _refresh(list(overviews), at_work)


@frame.auto_refresh(lambda *_args: REFRESH_SECONDS)
def _refresh(project_ids: Collection[str], shown: Mapping[str, frozenset[str]]) -> None:
    """Rerun the page when work begins or ends."""
    now = project_overviews(database(), project_ids)
    if {one: overview.at_work for one, overview in now.items() if overview.at_work} != shown:
        st.rerun()


def _search(projects: Sequence[Project]) -> Sequence[Project]:
    if len(projects) < SEARCH_FROM:
        return projects
    text = st.text_input("Find a project", key="find-project", icon=":material/search:").casefold()
    found = [project for project in projects if text in project.name.casefold()]
    if not found:
        st.info("No project has this text in its name.", icon=":material/info:")
    return found


def _show_card(project: Project, overview: Overview) -> None:
    st.subheader(words.escape_markdown(project.name), anchor=False)
    if overview.at_work:
        st.badge(_describe_work(overview.at_work), icon=":material/progress_activity:", color="green")
    if overview.digests:
        show_thumbnails(overview.digests, f"Images of {project.name}", THUMBNAIL_SIZE)
    if overview.best is not None:
        st.markdown(
            f"Accuracy of the best run: **{words.percent(overview.best.test_accuracy)}**",
            help="Of the test images, by the run with the highest validation accuracy.",
        )
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


def _describe_work(kinds: Collection[str]) -> str:
    if TrainSpec.kind_name() in kinds:
        return "Training"
    return "Adding images" if IngestSpec.kind_name() in kinds else "Working"


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
        f"{words.count(project.runs, 'run')} will be deleted; what it is working on stops. For {TRASH_DAYS} days it "
        "can come back: it stays below your projects, under “Recently deleted”."
    )
    with st.container(horizontal=True):
        if st.button("Delete", type="primary"):
            frame.run_action(lambda: _delete(project), f"“{project.name}” was deleted; it can come back.")
        if st.button("Cancel"):
            st.rerun()


def _delete(project: Project) -> None:
    trash_project(database(), project.id)
    state.reload_draft()
