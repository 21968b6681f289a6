"""Use: predictions of a trained model for new pictures, a few at once or many files with a table."""

import streamlit as st

from pages.components import model_choice
from pages.shared import frame
from pages.use import few_pictures, many_files

FEW, MANY = "A few pictures", "Many files"
PART = "use-part"

project = frame.project()

st.title("Use", anchor=False)
run = model_choice.draw(project.id)
if PART not in st.session_state and PART not in st.query_params and many_files.is_running(project.id):
    st.session_state[PART] = MANY  # not as the default of the tabs: at the end of the job it would be another one
few, many = st.tabs([FEW, MANY], key=PART, on_change="rerun", bind="query-params")
if few.open:
    with few:
        few_pictures.draw(project.id, run)
if many.open:
    with many:
        many_files.draw(project.id, run)
