"""What is chosen for a person who has not chosen yet."""

from core.advice.default_recipe import default_recipe
from core.training.recipe import Recipe, dump_recipe
from pages.shared import recipe_editor, state
from pages.shared.workspace import settings


def apply_once(project_id: str) -> None:
    """Once a tab, replace a recipe that nobody touched by one that works on this machine as it is.

    Once, so that a choice which equals the default can be made after all.
    """
    proposed = f"proposed-{project_id}"
    if state.get(proposed, False):
        return
    state.set(proposed, True)
    if recipe_editor.recipe(project_id) == Recipe():
        recipe_editor.save(project_id, default_recipe(settings().keras_home))


def recipe_argument(project_id: str) -> dict[str, str]:
    """The argument of a job that only looks at the images: the chosen network, or none where nobody chose one yet."""
    chosen = recipe_editor.recipe(project_id)
    return {} if chosen == Recipe() else {"recipe": dump_recipe(chosen)}
