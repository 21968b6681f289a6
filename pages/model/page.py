"""Model: the network, its initial weights, how much of it is trained, and how."""

import streamlit as st

from core.advice.strategy import advise_strategy
from core.catalog.labels import list_labels
from pages.components import start_run
from pages.model import (
    augmentation_choice,
    backbone_cards,
    backbone_comparison,
    freezing_advice,
    learning_curve_advice,
    recipe_search,
    strategy_choice,
    training_choices,
    weights_choice,
)
from pages.shared import frame, recipe_editor
from pages.shared.workspace import database

project = frame.project()
classes = [label for label in list_labels(database(), project.id) if label.images]
training = [label.splits.get("train", 0) for label in classes]
measurable = sum(label.splits.get("train", 0) + label.splits.get("validation", 0) for label in classes)
recipe_editor.apply_default(project.id)

st.title("Model", anchor=False)
st.markdown("These settings work as they are. Change what you like, or press **Start training**.")
if classes:
    images = sum(label.images for label in classes)
    st.info(advise_strategy(images, len(classes), min(training)).text, icon=":material/lightbulb:")

recipe_search.draw(project.id, measurable)

st.header("Network", anchor=False)
backbone_cards.draw(project.id)
weights_choice.draw(project.id)
backbone_comparison.draw(project.id, measurable)

st.header("How much is trained", anchor=False)
strategy_choice.draw(project.id, max(2, len(classes)), sum(training))
freezing_advice.draw(project.id, measurable)

st.header("How it is trained", anchor=False)
training_choices.draw(project.id)
with st.expander("Variations of the training images (*augmentation*)", icon=":material/auto_fix_high:"):
    augmentation_choice.draw(project.id)
with st.expander("For experts", icon=":material/tune:"):
    training_choices.draw_expert(project.id)

st.header("More photos", anchor=False)
learning_curve_advice.draw(project.id, measurable)

st.header("Start", anchor=False)
start_run.draw(project.id, in_sight=True)
