"""Use: predictions of a trained model for new pictures, a few at once or many files with a table."""

import streamlit as st

from pages.components import model_choice
from pages.shared import frame
from pages.use import few_pictures, many_files

FEW, MANY = "A few pictures", "Many files"

project = frame.project()

st.title("Use", anchor=False)
run = model_choice.draw(project.id)
default = MANY if many_files.is_running(project.id) else FEW
few, many = st.tabs([FEW, MANY], default=default, key=f"use-{project.id}", on_change="rerun")
if few.open:
    with few:
        few_pictures.draw(project.id, run)
if many.open:
    with many:
        many_files.draw(project.id, run)
