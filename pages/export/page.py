"""Export: take the model home."""

import streamlit as st

from pages.components import model_choice
from pages.export import bundle, bundle_usage
from pages.shared import frame

project = frame.project()

st.title("Export", anchor=False)
run = model_choice.draw(project.id)
st.markdown(
    "The model as a file that runs without Graft, with its labels, its report and a script. Before it is packed, it "
    "is asked again in its new form, and has to answer as it did here (*certificate*)."
)
bundle.draw(run)
bundle_usage.draw()
