"""Classes by file names, on the command line: used, and said."""

import sys
from collections.abc import Mapping

from core.intake.guess import Guess

SHOWN = 10


def guessed_classes(guess: Guess) -> Mapping[str, str | None]:
    """Accept a guess, and say it on standard error."""
    counts = [f"{one.name} ({one.images})" for one in guess.classes[:SHOWN]]
    more = len(guess.classes) - SHOWN
    print(
        f"graft: no folders and no table name the classes; by the file names they are: {', '.join(counts)}"
        f"{f' and {more} more' if more > 0 else ''}",
        file=sys.stderr,
    )
    return {one.name: one.name for one in guess.classes}
