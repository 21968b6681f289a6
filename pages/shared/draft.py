"""The draft: all choices for a project's next run, in one typed object."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import RecipeError
from core.training.recipe import Recipe

Share = Annotated[int, Field(ge=0, le=100)]


class Draft(BaseModel):
    """The choices for the next run. The catalog stores one draft a project, as JSON with a revision.

    Attributes:
        recipe: The recipe of the next run.
        shares: Percentages of train, validation and test for the next split.
        split_seed: Seed of the next split.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: Recipe = Recipe()
    shares: tuple[Share, Share, Share] = (70, 15, 15)
    split_seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    def with_recipe(self, recipe: Recipe) -> "Draft":
        """Give the draft with another recipe."""
        return self.model_copy(update={"recipe": recipe})


def dump_draft(draft: Draft) -> str:
    """Write a draft as JSON that `load_draft` reads back equal."""
    return draft.model_dump_json()


def load_draft(text: str | None) -> Draft:
    """Read a draft; None gives the default.

    Raises:
        RecipeError: It was written by another version of Graft.
    """
    if text is None:
        return Draft()
    try:
        return Draft.model_validate_json(text)
    except ValidationError as error:
        raise RecipeError(
            "The choices saved for this project were made by another version of Graft and cannot be read.",
            "You see the defaults; your next choice replaces the saved ones.",
        ) from error
