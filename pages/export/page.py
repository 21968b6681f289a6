"""Export: the model as files that work without Graft."""

import streamlit as st

from pages.components import model_choice
from pages.export import bundle
from pages.shared import frame

project = frame.project()

st.title("Export", anchor=False)
run = model_choice.draw(project.id)
st.markdown(
    "The model as a file that runs without Graft, with its labels, its report and a script. Every exported file is "
    "tested: its predictions must equal those of this app (*certificate*)."
)
bundle.draw(run)
