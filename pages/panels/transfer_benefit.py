"""What transfer brings: the same network with and without what it had learned before, on the same split."""

from collections.abc import Sequence

import streamlit as st

from core.advice.changes import with_strategy
from core.catalog.runs import Run
from core.jobs.queue import read_story, submit_run
from core.training.events import Epoch
from core.training.recipe import Recipe, dump_recipe, load_recipe
from pages.shared import charts, frame, words
from pages.shared.steps import TRAIN
from pages.shared.story import Story, tell
from pages.shared.workspace import database, settings


def draw(runs: Sequence[Run], run: Run) -> None:
    """Draw the curves of a run beside those of its twin from scratch, or the button that trains the twin."""
    recipe = load_recipe(run.recipe)
    if recipe.strategy == "scratch":
        return
    st.subheader("What transfer brings", anchor=False)
    twin = next((one for one in runs if one.recipe == dump_recipe(_from_scratch(recipe))), None)
    epochs, from_scratch = epochs_of(run), epochs_of(twin) if twin else []
    if epochs and from_scratch:
        _draw_curves(epochs, from_scratch)
    elif twin is not None:
        st.caption("The same network is being trained from scratch; come back when its first epoch has ended.")
        frame.link(TRAIN, "To that run", run_id=twin.id, icon=TRAIN.icon)
    else:
        st.caption("Train the same network from random weights, on the same split, and see both curves side by side.")
        if st.button("Train it from scratch to compare", icon=":material/compare_arrows:"):
            with frame.in_words():
                name = f"{run.name}, from scratch"
                twin_id = submit_run(database(), settings(), run.project_id, _from_scratch(recipe), name)
                frame.go(TRAIN, run_id=twin_id)


def _from_scratch(recipe: Recipe) -> Recipe:
    return with_strategy(recipe, "scratch", "none")


def _draw_curves(transfer: list[Epoch], scratch: list[Epoch]) -> None:
    charts.show(charts.validation_curves([("with transfer", transfer), ("from scratch", scratch)]), key="transfer")
    first, first_scratch = transfer[0].val_accuracy, scratch[0].val_accuracy
    best, best_scratch = (max(epoch.val_accuracy for epoch in epochs) for epochs in (transfer, scratch))
    st.markdown(
        f"Validation accuracy after the first epoch: **{words.percent(first)}** with transfer, "
        f"**{words.percent(first_scratch)}** from scratch ({_verdict(first, first_scratch, 'start')}). At its best: "
        f"**{words.percent(best)}** and **{words.percent(best_scratch)}** "
        f"({_verdict(best, best_scratch, 'asymptote')})."
    )


def _verdict(transfer: float, scratch: float, what: str) -> str:
    return f"*a higher {what}*" if transfer > scratch else f"*no higher {what}*"


def epochs_of(run: Run) -> list[Epoch]:
    """The epochs that a run told of."""
    return list(tell(Story(), read_story(database(), run.id)).epochs.values())
