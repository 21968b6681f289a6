"""Images of another project, copied into this one."""

import streamlit as st

from core.catalog.labels import list_labels
from core.catalog.projects import Project, list_projects
from core.jobs.queue import submit
from pages.shared import frame, words
from pages.shared.workspace import database, settings


def draw(project_id: str) -> None:
    """Draw the choice of a project and of its classes, and the button that copies them."""
    others = {one.id: one for one in list_projects(database()) if one.id != project_id and one.images}
    if not others:
        st.info("There is no other project with images.", icon=":material/info:")
        return
    chosen = st.selectbox(
        "Project",
        list(others),
        format_func=lambda one: _title(others[one]),
        key="copy-project",
    )
    labels = {label.id: label for label in list_labels(database(), chosen)}
    classes = st.multiselect(
        "Classes",
        list(labels),
        default=list(labels),
        format_func=lambda one: labels[one].name,
        key=f"copy-classes-{chosen}",
    )
    images = sum(labels[one].images + labels[one].excluded for one in classes)
    st.caption("Images come into classes of the same names; the files are shared and take no further space.")
    if st.button(f"Copy {words.count(images, 'image')}", disabled=not images, key="add-project"):
        frame.run_action(
            lambda: submit(database(), settings(), project_id, "take-in", {"project": chosen, "classes": classes})
        )


def _title(project: Project) -> str:
    """Another one for each project, as the browser answers with it: several may have the same name."""
    made = words.moment(project.created_at)
    return f"{project.name} · {words.count(project.images, 'image')} · made {made}"
