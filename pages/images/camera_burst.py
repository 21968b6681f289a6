"""Images from the camera, several a second, as long as the button of a class is held."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.catalog.labels import Label, add_label
from core.jobs.queue import submit
from core.jobs.specs import IngestSpec
from core.storage.disk import describe_disk_errors
from pages.components.burst_camera import Frames, show_camera
from pages.shared import frame, state
from pages.shared.workspace import database, settings

_STATE = "burst"


@dataclass(frozen=True)
class _Received:
    """What came of a burst: its id, the number of the last frame, and where its frames lie."""

    burst: str
    number: int
    folder: Path


def draw(project_id: str, labels: Sequence[Label]) -> None:
    """Draw the form for a new class, the camera, and how it is used."""
    with st.form("burst-class", border=False, clear_on_submit=True):
        name, button = st.columns([4, 1], vertical_alignment="bottom")
        typed = name.text_input("A new class", placeholder="for example: thumb up")
        wanted = button.form_submit_button("Add class", width="stretch")
    if wanted:
        frame.run_action(lambda: add_label(database(), project_id, typed))
    st.markdown(
        "Hold the button of a class: five images a second are taken as long as you hold it. Hold it **three times or "
        "more**, each time before another background or from another side: the images of one hold look alike, so they "
        "stay together in one split."
    )
    st.caption(
        "Only the images that are taken leave the browser, and go no further than the machine that runs Graft. "
        "Browsers give the camera only to pages on localhost or HTTPS."
    )
    if labels:
        _show_camera(project_id, labels)
    else:
        st.info("Add a class first; its button appears here.", icon=":material/info:")


@frame.fragment
def _show_camera(project_id: str, labels: Sequence[Label]) -> None:
    last: _Received | None = state.get(_STATE, None)
    frames = show_camera(f"burst-{project_id}", labels, None if last is None else (last.burst, last.number))
    if frames is None or (last is not None and frames.burst == last.burst and frames.last <= last.number):
        return
    received = _keep(frames, last)
    state.set(_STATE, received)
    label = next((label.name for label in labels if label.id == frames.label_id), None)
    if frames.ended and label is not None:
        paths = (settings().relative(received.folder),)
        spec = IngestSpec(paths=paths, label=label, group=f"burst {frames.burst}", remove_uploads=True)
        frame.run_action(lambda: submit(database(), settings(), project_id, spec))
    frame.rerun()


def _keep(frames: Frames, last: _Received | None) -> _Received:
    """Write new frames to the disk; those that came already in an earlier message are passed over."""
    known = last is not None and last.burst == frames.burst
    folder = last.folder if known and last else settings().uploads / f"burst-{frames.burst}"
    number = last.number if known and last else 0
    taken_at = time.strftime("%Y-%m-%d %H.%M.%S")
    with describe_disk_errors(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        for position, jpeg in enumerate(frames.jpegs, frames.first):
            if position > number:
                (folder / f"camera {taken_at} {position:04}.jpg").write_bytes(jpeg)
    return _Received(frames.burst, max(number, frames.last), folder)
