"""Find a good recipe: a search within a time, all recipes that were tried, and the choice or start of any of them."""

import pandas as pd
import streamlit as st

from core.advice.recipe_search import RecipeSearch, TriedRecipe
from core.catalog.jobs import Job
from core.jobs.queue import submit_run
from core.jobs.specs import FindRecipeResult, FindRecipeSpec
from core.training.recipe import Recipe, load_recipe
from pages.model import measured_on
from pages.shared import frame, recipe_editor, words
from pages.shared.recipe_differences import differences
from pages.shared.steps import TRAIN
from pages.shared.workspace import database, settings

_BUDGETS = {"2 minutes": 120, "10 minutes": 600, "30 minutes": 1800}


def draw(project_id: str, images: int) -> None:
    """Draw the explanation, the settings, the progress, and the last result.

    Args:
        project_id: The project.
        images: Number of its images, without those of the test split.
    """
    with st.container(border=True):
        st.subheader("Find a good recipe", anchor=False)
        if measured_on.show_running(project_id, FindRecipeSpec, "Finding a good recipe"):
            return
        st.markdown(
            "Graft tries recipes with this network on your own images, the quick ones first: other heads, fine-tuning "
            "at several cuts with a learning rate that it tests, and variations of the images. Each is judged by "
            "images that it did not learn from."
        )
        with st.form("find-recipe", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
            budget = st.selectbox(
                "Time",
                list(_BUDGETS),
                width=200,
                help="No training begins that would not be done in time. You can stop it: the best until then counts. "
                "What was measured is kept, so a longer search goes on where a shorter one ended.",
            )
            if st.form_submit_button("Find a good recipe", icon=":material/search:", disabled=not images):
                measured_on.start(project_id, FindRecipeSpec, budget_seconds=_BUDGETS[budget])
        last = measured_on.last_result(project_id, FindRecipeSpec, FindRecipeResult)
        if last is not None:
            _draw_result(project_id, *last)


def _draw_result(project_id: str, job: Job, measured: Recipe, result: FindRecipeResult) -> None:
    search = RecipeSearch.model_validate(result.search)
    searched = measured.model_copy(update={"backbone": load_recipe(search.tried[0].recipe).backbone})
    if all(measured_on.describe_changes(project_id, one, result) for one in (measured, searched)):
        note = measured_on.describe_changes(project_id, measured, result)
        st.warning(note, icon=":material/update:")
    st.markdown(search.sentence())
    row = _draw_table(search, job.id)
    _draw_choice(project_id, search, search.best if row is None else row)
    st.caption(f"{search.caveat()} {_describe(search)}")


def _draw_table(search: RecipeSearch, job_id: str) -> int | None:
    """Draw all recipes, the best marked; give the index of the one whose row was clicked."""
    tried = search.tried
    table = pd.DataFrame(
        {
            "accuracy": [100 * one.accuracy.value for one in tried],
            "gain": [100 * one.gain.value if one.gain else 0.0 for one in tried],
            "recipe": [f"★ {_title(one)}" if one is search.chosen else _title(one) for one in tried],
            "from": [100 * one.accuracy.low for one in tried],
            "to": [100 * one.accuracy.high for one in tried],
            "images": [one.images for one in tried],
            "seconds": [one.seconds for one in tried],
        }
    )
    event = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"tried-recipes-{job_id}",
        alt=f"{len(table)} recipes that were tried, with their accuracy on held-out images.",
        column_config={
            "recipe": st.column_config.TextColumn("recipe that was tried", width="large"),
            "accuracy": st.column_config.NumberColumn(
                "accuracy (%)", format="%.1f", help="Where few images were tested it says little: look at the gain."
            ),
            "from": st.column_config.NumberColumn("accuracy, 95% from", format="%.1f"),
            "to": st.column_config.NumberColumn("accuracy, 95% to", format="%.1f"),
            "gain": st.column_config.NumberColumn(
                "gain (points)", format="%+.1f", help="Compared with the default, on the same images"
            ),
            "images": st.column_config.NumberColumn("images tested"),
            "seconds": st.column_config.NumberColumn("one training (s)", format="%.1f"),
        },
    )
    rows = event["selection"]["rows"]
    return int(rows[0]) if rows and rows[0] < len(tried) else None


def _draw_choice(project_id: str, search: RecipeSearch, row: int) -> None:
    """Draw what is special about a recipe, and the buttons that take it or start it."""
    tried = search.tried[row]
    recipe, default = load_recipe(tried.recipe), load_recipe(search.tried[0].recipe)
    changed = ", ".join(f"{name} {value}" for name, value in differences(recipe, default).items())
    st.markdown(f"**{_title(tried)}**{f': {words.escape_markdown(changed)}' if changed else ''}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if recipe == recipe_editor.recipe(project_id).model_copy(update={"bit_depth": recipe.bit_depth}):
            st.markdown(":green[:material/check: This recipe is chosen.]")
        elif st.button("Take this recipe", icon=":material/check:", key="take-recipe"):
            taken = recipe.model_copy(update={"bit_depth": None})
            recipe_editor.update(project_id, lambda _recipe: taken, new_widgets=True)
        if st.button("Start it as a run", icon=":material/play_arrow:", key="start-recipe"):
            with frame.show_errors():
                run = submit_run(database(), settings(), project_id, recipe, _title(tried))
                frame.go_to(TRAIN, run_id=run)
        st.caption("Or click another row.")


def _describe(search: RecipeSearch) -> str:
    text = (
        f"{words.count(search.images, 'image')} with {search.network}, measured in {words.duration(search.seconds)}; "
        "folds keep copies, bursts and groups whole. Intervals are 95%."
    )
    if search.left_out:
        text += f" Not tried (no time, diverged, or from scratch): {'; '.join(search.left_out)}."
    return text


def _title(tried: TriedRecipe) -> str:
    return tried.title[:1].upper() + tried.title[1:]
