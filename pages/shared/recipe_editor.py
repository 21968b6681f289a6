"""The recipe of a project's draft, as the widgets of the Model page change it.

A widget keeps its value and the keyboard's focus while its key stays the same. Its key therefore changes only when the
value was changed by something other than the widget, so that the widget shows the draft again.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from core.advice.default_recipe import default_recipe
from core.errors import RecipeError
from core.training.recipe import Recipe, dump_recipe, make_recipe
from pages.shared import state, words
from pages.shared.workspace import settings

T = TypeVar("T")


def recipe(project_id: str) -> Recipe:
    """Give the recipe of a project's draft."""
    return state.draft(project_id).recipe


def field(project_id: str, path: str, widget: Callable[[Any, str], T]) -> T:
    """Show the widget of one field and save its value; an impossible value is rejected below the widget.

    Args:
        project_id: Whose draft.
        path: The field, e.g. `head.dropout`.
        widget: Draws the widget from the field's value and a key, and gives its new value.

    Raises:
        ConflictError: Another tab changed the draft.
    """
    data = recipe(project_id).model_dump()
    *parents, name = path.split(".")
    holder = data
    for parent in parents:
        holder = holder[parent]
    value = widget(holder[name], state.draft_key(path))
    if value != holder[name]:
        holder[name] = value
        try:
            save(project_id, make_recipe(data))
        except RecipeError as error:
            st.error(words.escape_markdown(str(error)), icon=":material/error:")
    return value


def save(project_id: str, changed: Recipe) -> None:
    """Save a recipe.

    Raises:
        ConflictError: Another tab changed the draft.
    """
    state.save_draft(project_id, state.draft(project_id).with_recipe(changed))


def update(project_id: str, change: Callable[[Recipe], Recipe], *, new_widgets: bool = False) -> None:
    """Change a recipe on which other widgets depend and rerun the page; show an error if the change is impossible.

    Args:
        project_id: Whose draft.
        change: Gives the changed recipe.
        new_widgets: Whether widgets that were used before show the change, too: they would undo it otherwise.

    Raises:
        ConflictError: Another tab changed the draft.
    """
    try:
        save(project_id, change(recipe(project_id)))
    except RecipeError as error:
        st.error(words.escape_markdown(str(error)), icon=":material/error:")
        return
    if new_widgets:
        state.reload_draft()
    st.rerun()


def apply_default(project_id: str) -> None:
    """Replace an untouched recipe by a default that works on this machine, once a tab.

    Only once, so that a person can still choose the recipe that the draft starts with.
    """
    proposed = f"proposed-{project_id}"
    if state.get(proposed, False):
        return
    state.set(proposed, True)
    if recipe(project_id) == Recipe():
        save(project_id, default_recipe(settings().keras_home))


def recipe_argument(project_id: str) -> str | None:
    """The recipe for a job that extracts features, as JSON; None where nobody has chosen a network yet."""
    chosen = recipe(project_id)
    return None if chosen == Recipe() else dump_recipe(chosen)
