"""Home: what Graft is, a new project, the list of projects, the sample sets."""

import streamlit as st

from core.catalog.cleanup import delete_failed_samples
from core.catalog.projects import list_projects
from pages.home import camera_project, projects, samples, trash, welcome
from pages.shared import words
from pages.shared.workspace import database, settings

failed = delete_failed_samples(database(), settings())
known = list_projects(database())
welcome.draw()
for reason in failed:
    st.error(words.escape_markdown(reason), icon=":material/error:")

st.header("Start", anchor=False)
projects.show_form()
camera_project.draw()
if not known:
    samples.draw()

st.header("Your projects", anchor=False)
projects.draw(known)
trash.draw()
if known:
    st.header("Sample sets", anchor=False)
    samples.draw()
