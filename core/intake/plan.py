"""What a source says about its files before any is read: classes, splits and groups.

Tables go before folders, and folders before file names. A table that was given beside other sources speaks for all.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.intake.guess import Guess, guess_classes
from core.intake.layout import Annotation, Parts
from core.intake.results import Rejected
from core.intake.sources import Files, Source
from core.intake.table import TableError, match, read_table

# Asked what to make of a guess: the class for each guessed one, and under the empty text for files that say none;
# None to leave the guess.
NameClasses = Callable[[Guess], Mapping[str, str | None] | None]


@dataclass
class Plan:
    """A source with the place of each of its entries by index.

    Attributes:
        source: The source.
        places: Places by index of the entry; tables are left out.
        refused: Files and rows that nothing becomes of.
        tabled: Whether a table gave a place.
    """

    source: Source
    places: dict[int, Annotation]
    refused: list[Rejected] = field(default_factory=list)
    tabled: bool = False


def make_plans(
    sources: Sequence[Source], label: str | None, group: str | None, name_classes: NameClasses | None
) -> list[Plan]:
    """Give each file its place.

    Args:
        sources: Listed sources.
        label: Class of the files that have none otherwise.
        group: Group of the files that have none otherwise.
        name_classes: Asked where neither folders nor a table tell classes apart, and the file names do.
    """
    plans = [Plan(source, dict(enumerate(source.places())), list(source.refused)) for source in sources]
    for plan in plans:
        _read_tables(plan, plans if isinstance(plan.source, Files) else [plan])
    if label is None and name_classes is not None:
        _guess(plans, name_classes)
    for plan in plans:
        plan.places = {
            index: replace(place, label=place.label or label, group=place.group or group)
            for index, place in plan.places.items()
        }
    return plans


def _read_tables(plan: Plan, reach: Sequence[Plan]) -> None:
    """Give the places that the tables of a source say, in all sources that they speak for."""
    indices = {id(entry): index for index, entry in enumerate(plan.source.entries)}
    for entry, data in plan.source.read_tables():
        del plan.places[indices[id(entry)]]
        try:
            rows = read_table(data)
        except TableError as error:
            plan.refused.append(Rejected(entry.name, error.sentence))
            continue
        at = list(_positions(reach))
        named, unmatched = match(rows, [_parts(one, index) for one, index in at], entry.parts)
        plan.refused += unmatched
        for position, place in named.items():
            one, index = at[position]
            if index in one.places:
                one.places[index] = place
                one.tabled = True


def _guess(plans: Sequence[Plan], name_classes: NameClasses) -> None:
    """Replace the classes by those that file names say, where there is at most one class otherwise."""
    labels = {place.label for plan in plans for place in plan.places.values()} - {None}
    if len(labels) > 1 or any(plan.tabled for plan in plans):
        return
    at = [(plan, index) for plan in plans for index in plan.places]
    guess = guess_classes([_parts(plan, index)[-1] for plan, index in at])
    answer = name_classes(guess) if guess else None
    if guess is None or answer is None:
        return
    for (plan, index), name in zip(at, guess.rows, strict=True):
        plan.places[index] = replace(plan.places[index], label=answer.get(name))


def _positions(plans: Sequence[Plan]) -> Iterator[tuple[Plan, int]]:
    return ((plan, index) for plan in plans for index in range(len(plan.source.entries)))


def _parts(plan: Plan, index: int) -> Parts:
    return plan.source.entries[index].parts
