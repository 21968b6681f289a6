"""Predictions of events: the pictures of a folder or a burst share one, and are corrected together."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final, get_args

import streamlit as st

from core.catalog.jobs import Job
from core.use.event_votes import Event, EventKind, find_events
from core.use.prediction_store import (
    PREDICTIONS_FILE,
    PredictionFilter,
    PredictionStore,
    StoredPrediction,
    open_copies,
)
from pages.components import gallery
from pages.components.gallery import Tile
from pages.routes import predicted_files
from pages.shared import frame, state, words
from pages.shared.workspace import settings
from pages.use import one_by_one

CACHED: Final = 4
# Pictures of an opened event that are shown.
SHOWN: Final = 12
_PROPERTY: Final = "events"
_SAME_FOLDER: Final = "."
_CHOICES: Final[dict[str, EventKind | None]] = {"Each picture": None, "Each folder": "folder", "Each burst": "burst"}
_HELP: Final = (
    "Pictures of the same thing are predicted more reliably together. A burst ends when the camera pauses for longer "
    "than a minute."
)


def draw_choice(store: PredictionStore, job: Job) -> EventKind | None:
    """Draw the choice of what gets a prediction, store it with the predictions and return it; None for each picture."""
    stored = store.property(_PROPERTY)
    names = {kind: name for name, kind in _CHOICES.items()}
    before: EventKind | None = next((kind for kind in get_args(EventKind) if kind == stored), None)
    chosen = st.segmented_control(
        "One prediction for", list(_CHOICES), default=names[before], required=True, key=f"event-{job.id}", help=_HELP
    )
    kind = _CHOICES[chosen]
    if kind != before:
        with frame.show_errors():
            store.set_property(_PROPERTY, kind)
    return kind


def draw(
    project_id: str, job: Job, store: PredictionStore, kind: EventKind, where: PredictionFilter, threshold: float
) -> None:
    """Draw the events that a filter lets through, as a grid, and the opened one above it.

    Args:
        project_id: The project, whose classes an event can be given.
        job: The job that classified the files.
        store: Its predictions.
        kind: What makes an event.
        where: Which events are shown: the class and the rest are asked of their common prediction.
        threshold: Confidence below which an event needs a look.
    """
    _draw_summary(_read_all(job, kind), kind, threshold, job)
    found = _find(job, kind, where)
    if not found:
        st.info(f"No {kind} is like this.", icon=":material/info:")
        return
    opened: int | None = state.get(_opened(job, kind), None)
    if opened is not None:
        _draw_opened(project_id, job, store, kind, where, min(opened, len(found) - 1))
    grid = st.container()
    first = (one_by_one.draw_pages(len(found), job) - 1) * one_by_one.PAGE
    shown = found[first : first + one_by_one.PAGE]
    with grid:
        tiles = [_tile(number, one, threshold) for number, one in enumerate(shown)]
        link = predicted_files.thumbnail_link(job.id)
        selection = gallery.show_gallery(
            f"events-{kind}-{job.id}", tiles, "Predicted events", choosable=False, thumbnails_at=link
        )
    if selection.opened is not None:
        state.set(_opened(job, kind), first + int(selection.opened))
        st.rerun()
    if opened is None:
        st.caption(f"Click a {kind}, or press O, to check the predictions one by one with the keyboard.")
        if st.button("Check one by one", key=f"open-{job.id}", shortcut="o"):
            state.set(_opened(job, kind), first)
            st.rerun()


def _read_all(job: Job, kind: EventKind) -> list[Event]:
    path = settings().predictions / job.id / PREDICTIONS_FILE
    return _read(path, path.stat().st_mtime_ns, kind)


def _find(job: Job, kind: EventKind, where: PredictionFilter) -> list[Event]:
    """Give the events that a filter lets through, in its order."""
    found = [one for one in _read_all(job, kind) if _meets(one, where)]
    return sorted(found, key=lambda one: one.confidence) if where.least_confident_first else found


@st.cache_resource(max_entries=CACHED, show_spinner=False)
def _read(path: Path, written: int, kind: EventKind) -> list[Event]:  # noqa: ARG001 - another time, another list
    with PredictionStore(path) as store:
        return list(find_events(store, kind))


def _draw_summary(events: Sequence[Event], kind: EventKind, threshold: float, job: Job) -> None:
    unsure = sum(one.needs_look(threshold) for one in events)
    text = f"{words.count(len(events), kind)}, {words.count(unsure, 'needs', 'need')} a look."
    if kind == "burst" and not any(any(one.times) for one in events):
        text += " No picture has a time from its camera, so that each is alone."
    st.caption(f"{text} Their prediction is the mean of the pictures' probabilities (*sum rule*).")
    with st.container(horizontal=True):
        for name, of_kind in predicted_files.EVENT_TABLES.items():
            if of_kind == kind:
                label = f"Table of {kind}s ({'CSV' if name.endswith('.csv') else 'Excel'})"
                st.link_button(label, predicted_files.link(job.id, name), icon=":material/download:")


def _meets(event: Event, where: PredictionFilter) -> bool:
    return (
        where.final_class in (None, event.predicted_class)
        and (where.needs_look_below is None or event.needs_look(where.needs_look_below))
        and (not where.corrected or any(one.corrected_class is not None for one in event.pictures))
    )


def _tile(number: int, event: Event, threshold: float) -> Tile:
    like = [one for one in event.pictures if one.final_class == event.predicted_class]
    best = max(like or event.pictures, key=lambda one: one.confidence or 0.0)
    note = ", needs a look" if event.needs_look(threshold) else ""
    lines = (
        words.shorten(event.predicted_class, 24),
        f"{words.percent(event.confidence, 0)}{note}",
        words.count(len(event.pictures), "picture"),
    )
    return Tile(str(number), best.digest, _name(event), lines)


def _name(event: Event) -> str:
    return "without a folder" if event.name == _SAME_FOLDER else event.name


def _draw_opened(
    project_id: str, job: Job, store: PredictionStore, kind: EventKind, where: PredictionFilter, number: int
) -> None:
    """Draw one event large, with a button and a key for each class."""
    events = _find(job, kind, where)
    event = events[number]
    with st.container(border=True):
        pictures, answer = st.columns([2, 3])
        with pictures:
            _draw_pictures(job, event.pictures)
        with answer:
            st.markdown(
                f"**{words.escape_markdown(words.shorten(_name(event), 80))}** ({number + 1:,} of {len(events):,})"
            )
            _draw_answer(event)
            classes = one_by_one.list_classes(project_id, store)
            chosen = one_by_one.draw_classes(classes, event.name, event.predicted_class, job)
            one_by_one.draw_steps(job, _opened(job, kind), number, len(events))
    if chosen is not None:
        frame.run_action(partial(_correct, job, store, kind, where, number, chosen))


def _correct(
    job: Job, store: PredictionStore, kind: EventKind, where: PredictionFilter, number: int, label: str
) -> None:
    """Give the opened event a class and open the next one, which has its number if it drops out of the filter."""
    event = _find(job, kind, where)[number]
    store.correct([one.file for one in event.pictures], label)
    left = _find(job, kind, where)
    stays = number < len(left) and left[number].name == event.name
    state.set(_opened(job, kind), number + 1 if stays and number + 1 < len(left) else number)


def _draw_pictures(job: Job, pictures: Sequence[StoredPrediction]) -> None:
    copies = open_copies(settings().predictions / job.id)
    found = [one for one in pictures[:SHOWN] if copies.thumbnail_path(one.digest).is_file()]
    with st.container(horizontal=True, gap="small"):
        for one in found:
            st.image(copies.thumbnail_path(one.digest).read_bytes(), width=120, alt=one.file)
    if len(pictures) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(pictures):,} pictures")


def _draw_answer(event: Event) -> None:
    named = [(event.predicted_class, event.confidence), (event.second_class, event.second_confidence)]
    text = ", ".join(
        f"{words.escape_markdown(name)} {words.percent(share or 0.0)}" for name, share in named if name is not None
    )
    st.markdown(f"Predicted together: {text}")
    if event.none_of_these:
        st.caption(":material/question_mark: All are unlike the training images (*out of distribution*).")
    first, last = event.times
    about = [
        words.count(len(event.pictures), "picture"),
        f"{words.percent(event.agreement, 0)} of those that vote agree",
        *([" to ".join(dict.fromkeys((first, last))).replace("T", " ")] if first and last else []),
    ]
    st.caption(" · ".join(about))


def _opened(job: Job, kind: EventKind) -> str:
    return f"opened-{kind}-{job.id}"
