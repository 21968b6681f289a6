"""Classes guessed from file names on the command line: accepted, with a message."""

import sys
from collections.abc import Mapping

from core.intake.guess import Guess

SHOWN = 10


def accept_guess(guess: Guess) -> Mapping[str, str | None]:
    """Accept the guessed classes and print them to standard error."""
    counts = [f"{one.name} ({one.images})" for one in guess.classes[:SHOWN]]
    more = len(guess.classes) - SHOWN
    print(
        f"graft: neither folders nor a table give classes; the file names give: {', '.join(counts)}"
        f"{f' and {more} more' if more > 0 else ''}",
        file=sys.stderr,
    )
    return {one.name: one.name for one in guess.classes}
