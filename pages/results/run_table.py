"""All runs of a project, sorted by validation accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.catalog.runs import Run
from core.evaluation.rescoring import Rescore
from core.training.recipe import Recipe, load_recipe
from pages.components import run_actions
from pages.components.run_choice import STATUS
from pages.results import run_comparison
from pages.shared import frame, state, words
from pages.shared.recipe_differences import differences
from pages.shared.run_results import Figures, figures_of, model_megabytes, rescore_run


@dataclass(frozen=True)
class _Row:
    run: Run
    recipe: Recipe
    figures: Figures | None
    rescored: Rescore | None


@frame.fragment
def draw(runs: Sequence[Run], shown: Run) -> None:
    """Draw the table. One chosen run can be opened, renamed or deleted; two or more are compared or deleted."""
    rows = sorted((_row(run) for run in runs), key=_rank)
    event = st.dataframe(
        _table(rows),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"runs-{shown.id}-{len(rows)}",
        alt=f"{words.count(len(rows), 'run')}, the best validation accuracy first.",
        column_config={
            "validation": st.column_config.ProgressColumn("validation (%)", format="%.1f", max_value=100),
            "test": st.column_config.NumberColumn("test (%)", format="%.1f"),
            "model (MB)": st.column_config.NumberColumn(format="%.1f"),
        },
    )
    if any(row.rescored for row in rows):
        st.info(_describe_rescored(rows), icon=":material/new_label:")
    st.caption(_advice([row for row in rows if row.figures]))
    chosen = [rows[index].run for index in event["selection"]["rows"] if index < len(rows)]
    if not chosen:
        st.caption("Tick a run to open, rename or delete it, or several to compare or delete them.")
    elif len(chosen) == 1:
        _draw_actions(chosen[0], shown)
    else:
        if st.button(f"Delete {len(chosen)} runs", icon=":material/delete:"):
            run_actions.ask_to_delete(chosen)
        run_comparison.draw(chosen)


def _draw_actions(run: Run, shown: Run) -> None:
    with st.container(horizontal=True):
        if run.id != shown.id and st.button(f"Open {words.escape_markdown(run.name)}", icon=":material/open_in_new:"):
            state.set_run_id(run.id)
            st.rerun()
        run_actions.draw(run)


def _row(run: Run) -> _Row:
    return _Row(run, load_recipe(run.recipe), figures_of(run), rescore_run(run))


def _rank(row: _Row) -> tuple[bool, float]:
    return (row.figures is None, -row.figures.validation if row.figures else -row.run.job.created_at)


def _table(rows: Sequence[_Row]) -> pd.DataFrame:
    first = rows[0].recipe
    return pd.DataFrame(
        {
            "run": [row.run.name for row in rows],
            "status": [STATUS[row.run.job.status] for row in rows],
            "validation": [words.percent_number(row.figures.validation) if row.figures else None for row in rows],
            "test": [_test(row) for row in rows],
            "test, 95%": [_range(row) for row in rows],
            "network": [row.recipe.backbone.name for row in rows],
            "strategy": [row.recipe.strategy for row in rows],
            "different from the first": [_differences(row.recipe, first) for row in rows],
            "epochs": [row.figures.epochs if row.figures else None for row in rows],
            "time": [words.duration(row.figures.seconds) if row.figures else "" for row in rows],
            "model (MB)": [model_megabytes(row.run.id) for row in rows],
            "started": [words.ago(row.run.job.created_at) for row in rows],
        }
    )


def _test(row: _Row) -> float | None:
    """The test accuracy in percent, on the labels as they are now."""
    if row.rescored is not None:
        return words.percent_number(row.rescored.after)
    return words.percent_number(row.figures.test) if row.figures else None


def _range(row: _Row) -> str:
    if row.rescored is not None:
        return words.between(*row.rescored.interval)
    return words.between(*row.figures.test_interval) if row.figures else ""


def _describe_rescored(rows: Sequence[_Row]) -> str:
    changes = [
        f"{words.escape_markdown(row.run.name)} from {words.percent(row.rescored.before)} to "
        f"{words.percent(row.rescored.after)} by {words.count(len(row.rescored.relabelled), 'new label')}"
        for row in rows
        if row.rescored is not None
    ]
    return f"All runs are scored on the test labels as they are now: {', '.join(changes)}."


def _differences(recipe: Recipe, first: Recipe) -> str:
    return ", ".join(f"{name}: {value}" for name, value in differences(recipe, first).items())


def _advice(measured: Sequence[_Row]) -> str:
    text = (
        "Sorted by validation accuracy: choose a run by it. If you choose by the test accuracy, the test split becomes "
        "a second validation split, and its accuracy is no longer honest."
    )
    if len(measured) > 2:  # noqa: PLR2004 - the best of two is hardly optimistic
        text += f" The best test accuracy of {len(measured)} runs is optimistic: part of it is luck."
    return text
