"""A project of one's own in a minute: two classes before the camera."""

import streamlit as st

from core.catalog.labels import add_label
from core.catalog.projects import create_project
from core.names import check_name, clean_name
from pages.images import add_images
from pages.shared import frame
from pages.shared.steps import IMAGES
from pages.shared.workspace import database


def draw() -> None:
    """Draw the names of two classes, and the button that opens the camera for them."""
    with st.expander("Make your own in a minute, with the camera", icon=":material/videocam:"):
        st.markdown(
            "Show two things to the camera, and the network learns to tell them apart: two gestures, two toys, a full "
            "and an empty cup."
        )
        with st.form("camera-project", border=False):
            columns = st.columns([2, 2, 1], vertical_alignment="bottom")
            first = columns[0].text_input("First class", value="thumb up")
            second = columns[1].text_input("Second class", value="thumb down")
            submitted = columns[2].form_submit_button("Open the camera", width="stretch")
    if submitted:
        with frame.show_errors():
            project = _create(check_name(first, "first class"), check_name(second, "second class"))
            add_images.open_camera_burst()
            frame.go_to(IMAGES, project_id=project)


def _create(first: str, second: str) -> str:
    """Create a project with two classes, or with one if both have the same name."""
    project = create_project(database(), clean_name(f"{first} and {second}"))
    for name in dict.fromkeys((first, second)):
        add_label(database(), project, name)
    return project
