"""Try it: predictions of a trained model for new pictures."""

import streamlit as st

from pages.components import model_choice
from pages.shared import frame
from pages.try_it import picture_source, prediction_inputs, predictions

project = frame.project()

st.title("Try it", anchor=False)
run = model_choice.draw(project.id)
st.markdown("Give the network pictures it has never seen. They stay on this machine and are not added to the project.")
picture_source.draw(project.id)
predictions.draw_error_rates(run)

input_sets = prediction_inputs.input_sets(project.id)
for number, input_set in enumerate(input_sets):
    predictions.draw(run, input_set, opened=number == 0)
if input_sets:
    if st.button("Remove these pictures", icon=":material/delete:"):
        frame.run_action(lambda: prediction_inputs.remove_all(project.id))
elif (example := picture_source.example(run)) is not None:
    st.caption("An example, until you add pictures: one of your test images.")
    predictions.draw(run, example, opened=True)
