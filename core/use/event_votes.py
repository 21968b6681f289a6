"""One answer an event: pictures of one folder, or of one burst of a camera, vote.

The vote is the mean of their probabilities, the sum rule for classifiers that see the same thing (Kittler, Hatef, Duin
and Matas, On combining classifiers, 1998), over the three most probable classes of each picture. Pictures that are
unlike all training images take no part while there are others. A class that a person gave counts as certain.

Columns: `event` (the folder, or the first file of the burst), `files`, `predicted_class`, `confidence`, `second_class`,
`second_confidence`, `agreement` (share of the voting files whose own class it is), `needs_look`, `first_time` and
`last_time`. Files that cannot be read belong to no event.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from core.use.prediction_store import PredictionFilter, PredictionStore, StoredPrediction
from core.use.prediction_table import write_rows

EventKind = Literal["folder", "burst"]

COLUMNS: Final = (
    "event",
    "files",
    "predicted_class",
    "confidence",
    "second_class",
    "second_confidence",
    "agreement",
    "needs_look",
    "first_time",
    "last_time",
)
# Camera traps take several pictures a trigger; a pause of a minute begins the next event.
BURST_PAUSE: Final = timedelta(seconds=60)
DIGITS: Final = 6


@dataclass(frozen=True)
class Event:
    """Pictures that share a prediction.

    Attributes:
        name: The folder, or the first file of the burst.
        pictures: Its pictures, at least one; of a burst in the order of their time.
        predicted_class: The class with the highest mean probability.
        confidence: That mean.
        second_class: The next class; None if there is none.
        second_confidence: Its mean probability.
        agreement: Share of the voting pictures whose own class it is.
        none_of_these: Whether all pictures are unlike all training images.
    """

    name: str
    pictures: tuple[StoredPrediction, ...]
    predicted_class: str
    confidence: float
    second_class: str | None
    second_confidence: float | None
    agreement: float
    none_of_these: bool

    def needs_look(self, threshold: float) -> bool:
        """Whether a person should look at it: unsure, or none of the classes, and not corrected."""
        agreed = all(one.final_class == self.predicted_class for one in self.pictures)
        if agreed and any(one.corrected_class is not None for one in self.pictures):
            return False
        return self.none_of_these or self.confidence < threshold

    @property
    def times(self) -> tuple[str | None, str | None]:
        """When its first and its last picture were taken; None if no camera says so."""
        known = [one.time for one in self.pictures if one.time is not None]
        return min(known, default=None), max(known, default=None)

    def row(self, threshold: float) -> tuple[object, ...]:
        """Give the cells of `COLUMNS`."""
        return (
            self.name,
            len(self.pictures),
            self.predicted_class,
            self.confidence,
            self.second_class,
            self.second_confidence,
            self.agreement,
            self.needs_look(threshold),
            *self.times,
        )


def write_events(store: PredictionStore, path: Path, kind: EventKind, threshold: float) -> Path:
    """Write the table of events; the suffix of the path decides between CSV and Excel.

    Args:
        store: The predictions.
        path: Of the table.
        kind: What makes an event: the folder, or time and camera within it.
        threshold: Confidence below which an event needs a look.

    Raises:
        InputError: A sheet cannot hold so many rows.
        WorkspaceError: The disk is full or not writable.
    """
    rows = (event.row(threshold) for event in find_events(store, kind))
    return write_rows(path, chain([COLUMNS], rows), store.count() + 1)


def find_events(store: PredictionStore, kind: EventKind) -> Iterator[Event]:
    """Yield the events; a picture without a time is an event of its own in `burst`."""
    folders = defaultdict[PurePosixPath, list[StoredPrediction]](list)
    for one in store.read(PredictionFilter(unreadable=False)):
        folders[PurePosixPath(one.file).parent].append(one)
    for folder, pictures in folders.items():
        if kind == "folder":
            yield _vote(str(folder), pictures)
        else:
            yield from (_vote(burst[0].file, burst) for burst in _bursts(pictures))


def _vote(name: str, pictures: Sequence[StoredPrediction]) -> Event:
    voters = [one for one in pictures if one.corrected_class is not None or not one.none_of_these] or pictures
    shares = Counter[str]()
    for one in voters:
        shares.update(_shares(one))
    ranked = [(label, round(share / len(voters), DIGITS)) for label, share in shares.most_common(2)]
    best, confidence = ranked[0]
    second, its_confidence = ranked[1] if len(ranked) > 1 else (None, None)
    return Event(
        name,
        tuple(pictures),
        predicted_class=best,
        confidence=confidence,
        second_class=second,
        second_confidence=its_confidence,
        agreement=round(sum(one.final_class == best for one in voters) / len(voters), DIGITS),
        none_of_these=all(one.none_of_these and one.corrected_class is None for one in pictures),
    )


def _bursts(group: Iterable[StoredPrediction]) -> Iterator[list[StoredPrediction]]:
    """Divide the pictures of a folder wherever the camera changes or pauses."""
    burst: list[StoredPrediction] = []
    for one in sorted(group, key=lambda one: (one.camera or "", one.time or "")):
        if burst and not _follows(burst[-1], one):
            yield burst
            burst = []
        burst.append(one)
    if burst:
        yield burst


def _follows(before: StoredPrediction, after: StoredPrediction) -> bool:
    if before.time is None or after.time is None or before.camera != after.camera:
        return False
    return datetime.fromisoformat(after.time) - datetime.fromisoformat(before.time) <= BURST_PAUSE


def _shares(one: StoredPrediction) -> dict[str, float]:
    if one.corrected_class is not None:
        return {one.corrected_class: 1.0}
    return dict(one.ranked)
