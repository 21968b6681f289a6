"""The training of a run: its learning curves, the time of each stage, and its recipe."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.catalog.runs import Run
from core.training.recipe import Recipe, dump_recipe, load_recipe
from pages.components import charts
from pages.shared import words
from pages.shared.recipe_differences import differences
from pages.shared.run_log import StageTime, read_log


def draw(run: Run) -> None:
    """Draw the curves, the time spent and the recipe of a run."""
    log = read_log(run.id)
    epochs = list(log.epochs.values())
    if epochs:
        left, right = st.columns(2)
        with left:
            charts.show(charts.accuracy_curves(epochs), key=f"history-accuracy-{run.id}")
        with right:
            charts.show(charts.loss_curves(epochs), key=f"history-loss-{run.id}")
    times, choices = st.columns(2, gap="large")
    with times:
        _draw_times(list(log.stages.values()), sum(epoch.seconds for epoch in epochs))
    with choices:
        _draw_recipe(load_recipe(run.recipe), run.name)


def _draw_times(stages: Sequence[StageTime], training: float) -> None:
    st.subheader("Time spent", anchor=False)
    rows = [(timed.stage.name, timed.seconds) for timed in stages]
    if training:
        rows.append(("Training", training))
    if not rows:
        st.caption("The log of this run is gone.")
        return
    table = pd.DataFrame({"stage": [name for name, _ in rows], "time": [words.duration(time) for _, time in rows]})
    st.dataframe(table, hide_index=True, alt="Time spent in each stage of the run.")


def _draw_recipe(recipe: Recipe, name: str) -> None:
    st.subheader("Recipe", anchor=False)
    changed = differences(recipe, Recipe())
    text = "\n".join(f"- {field}: **{words.escape_markdown(value)}**" for field, value in changed.items())
    st.markdown(text or "All settings are the defaults.")
    st.download_button(
        "Recipe as a file",
        dump_recipe(recipe),
        file_name=f"{name}.recipe.json",
        mime="application/json",
        icon=":material/download:",
        help="To train it again from the command line: python -m core train IMAGES --recipe FILE --out FOLDER",
        on_click="ignore",
    )
