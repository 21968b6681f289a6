"""Home: what Graft is, the sample sets, and the projects."""

import streamlit as st

from core.catalog.projects import list_projects
from pages.panels import projects, samples, welcome
from pages.shared.workspace import database

welcome.draw()
known = list_projects(database())

st.header("Start", anchor=False)
projects.draw_new()
samples.draw()

st.header("Your projects", anchor=False)
projects.draw_list(known)
