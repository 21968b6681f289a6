"""Several runs beside each other: what they chose differently, how they learned, and how good they became."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.catalog.runs import Run
from core.training.recipe import load_recipe
from pages.panels import before_after
from pages.panels.transfer_benefit import epochs_of
from pages.shared import charts, words
from pages.shared.recipe_words import all_differences
from pages.shared.run_figures import figures_of
from pages.shared.run_results import has_results, read_results

MOST = 8


def draw(runs: Sequence[Run]) -> None:
    """Draw the comparison.

    Args:
        runs: Two or more; the first is what the others are compared with.
    """
    if len(runs) > MOST:
        st.info(f"Only the first {MOST} of the chosen runs are compared.", icon=":material/info:")
        runs = runs[:MOST]
    _draw_differences(runs)
    curves = [(run.name, epochs) for run in runs if (epochs := epochs_of(run))]
    if curves:
        charts.show(charts.validation_curves(curves), key="compared-curves")
    measured = sorted((run for run in runs if has_results(run.id)), key=lambda run: run.job.created_at)
    if len(measured) == 2:  # noqa: PLR2004 - the test is one of pairs
        before, after = measured
        before_after.draw_pair(read_results(before.id), read_results(after.id), before.project_id, "compared")


def _draw_differences(runs: Sequence[Run]) -> None:
    chosen = all_differences([load_recipe(run.recipe) for run in runs])
    figures = [figures_of(run) for run in runs]
    if not chosen:
        st.caption("The recipes of these runs are the same; their images may differ.")
    table = {
        "run": [run.name for run in runs],
        **chosen,
        "validation accuracy": [words.percent(one.validation) if one else "" for one in figures],
        "test accuracy": [words.percent(one.test) if one else "" for one in figures],
    }
    st.dataframe(pd.DataFrame(table), hide_index=True, alt="What the chosen runs did differently, and their accuracy.")
