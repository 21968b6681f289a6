"""A few pictures: the answer for each at once, with all probabilities and an explanation."""

import streamlit as st

from core.catalog.runs import Run
from pages.shared import frame
from pages.use import picture_source, prediction_inputs, predictions


def draw(project_id: str, run: Run) -> None:
    """Draw the upload, the camera and the predictions for what came of them."""
    st.markdown(
        "Give the network pictures it has never seen. They stay on this machine and are not added to the project."
    )
    picture_source.draw(project_id)
    predictions.draw_error_rates(run)
    input_sets = prediction_inputs.input_sets(project_id)
    for number, input_set in enumerate(input_sets):
        predictions.draw(run, input_set, opened=number == 0)
    if input_sets:
        if st.button("Remove these pictures", icon=":material/delete:"):
            frame.run_action(lambda: prediction_inputs.remove_all(project_id))
    elif (example := picture_source.example(run)) is not None:
        st.caption("An example, until you add pictures: one of your test images.")
        predictions.draw(run, example, opened=True)
