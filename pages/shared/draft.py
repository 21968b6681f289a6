"""The draft: every choice that a person has made for a project's next run, in one typed object."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import RecipeError
from core.training.recipe import Recipe

Share = Annotated[int, Field(ge=0, le=100)]


class Draft(BaseModel):
    """Choices that are not a run yet. The catalog keeps one a project, as JSON with a revision.

    Attributes:
        recipe: The recipe that the next run is started with.
        shares: Percentages of train, validation and test for the next draw of the splits.
        split_seed: Seed of that draw.
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
    """Read a draft back; none is the default.

    Raises:
        RecipeError: It was written by another version of Graft.
    """
    if text is None:
        return Draft()
    try:
        return Draft.model_validate_json(text)
    except ValidationError as error:
        raise RecipeError(
            "The choices kept for this project were made by another version of Graft and cannot be read.",
            "You see the defaults; what you choose now replaces them.",
        ) from error
