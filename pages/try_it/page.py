"""Try it: what a trained model says about new pictures."""

import streamlit as st

from pages.components import model_choice
from pages.shared import frame
from pages.try_it import choose_pictures, prediction_inputs, predictions

project = frame.project()

st.title("Try it", anchor=False)
run = model_choice.draw(project.id)
st.markdown("Give the network pictures it has never seen. They stay on this machine and are not added to the project.")
choose_pictures.draw(project.id)
predictions.draw_refusals(run)

tried = prediction_inputs.batches(project.id)
for batch in tried:
    predictions.draw(run, batch)
if tried:
    if st.button("Forget these pictures", icon=":material/delete:"):
        frame.run_action(lambda: prediction_inputs.forget(project.id))
elif (example := choose_pictures.example(run)) is not None:
    st.caption("Until then, one of your test images:")
    predictions.draw(run, example)
