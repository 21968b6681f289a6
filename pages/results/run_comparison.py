"""Several runs side by side: their different settings, learning curves and accuracies."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.catalog.runs import Run
from core.evaluation.metrics.intervals import Interval
from core.training.recipe import load_recipe
from pages.components import charts
from pages.results import before_after
from pages.shared import words
from pages.shared.recipe_differences import all_differences
from pages.shared.run_log import read_epochs
from pages.shared.run_results import figures_of, has_results, model_megabytes, read_results


def draw(runs: Sequence[Run]) -> None:
    """Draw the comparison.

    Args:
        runs: Two or more.
    """
    _draw_table(runs)
    curves = [(run.name, epochs) for run in runs if (epochs := read_epochs(run.id))]
    if curves:
        charts.show(charts.validation_curves(curves), key="compared-curves")
    measured = sorted((run for run in runs if has_results(run.id)), key=lambda run: run.job.created_at)
    if len(measured) == 2:  # noqa: PLR2004 - the test is one of pairs
        before, after = measured
        before_after.draw_pair(read_results(before.id), read_results(after.id), before.project_id, "compared")


def _draw_table(runs: Sequence[Run]) -> None:
    """Draw the settings that differ and the figures of each run, with intervals."""
    chosen = all_differences([load_recipe(run.recipe) for run in runs])
    if not chosen:
        st.caption("These runs have the same settings; their images may differ.")
    figures = [figures_of(run) for run in runs]
    table = {
        "run": [run.name for run in runs],
        **chosen,
        "validation accuracy": [words.percent(one.validation) if one else "" for one in figures],
        "validation, 95%": [_range(one.validation_interval if one else None) for one in figures],
        "test accuracy": [words.percent(one.test) if one else "" for one in figures],
        "test, 95%": [_range(one.test_interval if one else None) for one in figures],
        "epochs": [str(one.epochs) if one else "" for one in figures],
        "time": [words.duration(one.seconds) if one else "" for one in figures],
        "model (MB)": [_megabytes(run) for run in runs],
    }
    st.dataframe(pd.DataFrame(table), hide_index=True, alt="Settings and accuracies of the chosen runs.")


def _range(interval: Interval | None) -> str:
    return words.between(*interval) if interval else ""


def _megabytes(run: Run) -> str:
    size = model_megabytes(run.id)
    return "" if size is None else f"{size:.1f}"
