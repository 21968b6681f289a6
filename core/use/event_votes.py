"""One answer an event: pictures of one folder, or of one burst of a camera, vote.

The vote is the mean of their probabilities, the sum rule for classifiers that see the same thing (Kittler, Hatef, Duin
and Matas, On combining classifiers, 1998), over the three most probable classes of each picture. Pictures that are
unlike all training images take no part while there are others. A class that a person gave counts as certain.

Columns: `event` (the folder, or the first file of the burst), `files`, `predicted_class`, `confidence`, `second_class`,
`second_confidence`, `agreement` (share of the voting files whose own class it is), `needs_look`, `first_time` and
`last_time`. Files that cannot be read belong to no event.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
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
    rows = (vote(event, kind, threshold) for event in find_events(store, kind))
    return write_rows(path, chain([COLUMNS], rows), store.count() + 1)


def find_events(store: PredictionStore, kind: EventKind) -> Iterator[list[StoredPrediction]]:
    """Yield the predictions of each event; a picture without a time is an event of its own in `burst`."""
    folders = defaultdict[PurePosixPath, list[StoredPrediction]](list)
    for one in store.read(PredictionFilter(unreadable=False)):
        folders[PurePosixPath(one.file).parent].append(one)
    for pictures in folders.values():
        yield from [pictures] if kind == "folder" else _bursts(pictures)


def vote(event: list[StoredPrediction], kind: EventKind, threshold: float) -> tuple[object, ...]:
    """Give the row of an event, with the cells of `COLUMNS`."""
    voters = [one for one in event if one.corrected_class is not None or not one.none_of_these] or event
    shares = Counter[str]()
    for one in voters:
        shares.update(_shares(one))
    ranked = [(name, round(share / len(voters), DIGITS)) for name, share in shares.most_common(2)]
    (best, confidence), second = ranked[0], ranked[1] if len(ranked) > 1 else (None, None)
    unlike = all(one.none_of_these and one.corrected_class is None for one in event)
    times = sorted(one.time for one in event if one.time is not None)
    name = event[0].file if kind == "burst" else str(PurePosixPath(event[0].file).parent)
    agreement = sum(one.final_class == best for one in voters) / len(voters)
    return (
        name,
        len(event),
        best,
        confidence,
        *second,
        round(agreement, DIGITS),
        unlike or confidence < threshold,
        times[0] if times else None,
        times[-1] if times else None,
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
