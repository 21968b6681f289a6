"""Home: what Graft is, a new project, the list of projects, the sample sets."""

import streamlit as st

from core.catalog.projects import list_projects
from pages.home import projects, samples, welcome
from pages.shared.workspace import database

welcome.draw()
known = list_projects(database())

st.header("Start", anchor=False)
projects.show_form()
if not known:
    samples.draw()

st.header("Your projects", anchor=False)
projects.draw(known)
if known:
    st.header("Sample sets", anchor=False)
    samples.draw()
