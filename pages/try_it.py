"""Try it: what a trained model says about new pictures."""

import streamlit as st

from pages.panels import model_choice, pictures_to_try, predictions
from pages.shared import frame, tried_pictures

project = frame.project()

st.title("Try it", anchor=False)
run = model_choice.draw(project.id)
st.markdown("Give the network pictures it has never seen. They stay on this machine and are not added to the project.")
pictures_to_try.draw(project.id)
predictions.draw_refusals(run)

tried = tried_pictures.batches(project.id)
for batch in tried:
    predictions.draw(run, batch)
if tried:
    if st.button("Forget these pictures", icon=":material/delete:"):
        frame.act(lambda: tried_pictures.forget(project.id))
elif (example := pictures_to_try.example(run)) is not None:
    st.caption("Until then, one of your test images:")
    predictions.draw(run, example)
