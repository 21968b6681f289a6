"""The camera burst: several images a second are taken while the button of a class is held.

The browser sends frames in numbered messages and repeats a message until it is confirmed, so that no frame is lost or
stored twice.
"""

import base64
import binascii
import functools
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.catalog.labels import Label, add_label
from core.jobs.queue import submit
from core.jobs.specs import IngestSpec
from core.storage.atomic import write_atomic
from core.storage.disk import describe_disk_errors
from pages.shared import frame, state
from pages.shared.workspace import database, settings

FRAME_BYTES = 2_000_000
FRAMES_PER_MESSAGE = 20
_RECEIVED = "burst-received"
_ASSETS = Path(__file__).parents[2] / "assets"
_BURST_ID = re.compile(r"[0-9a-f]{16}")
_JPEG_MAGIC = b"\xff\xd8\xff"
_CAMERA = st.components.v2.component(
    "graft-burst",
    html='<div class="burst"><video muted playsinline></video><div class="classes"></div><div class="note"'
    ' role="status"></div></div>',
    css=(_ASSETS / "burst.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "burst.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Frames:
    """One message of the browser: frames of a burst in the order in which they were taken.

    Attributes:
        burst_id: 16 hexadecimal digits.
        label_id: Class of the images.
        first: Number of the first frame in the burst, from 1.
        jpegs: The frames.
        ended: Whether the burst ended with them.
    """

    burst_id: str
    label_id: str
    first: int
    jpegs: tuple[bytes, ...]
    ended: bool

    @property
    def last(self) -> int:
        """Number of the last frame; the end of the burst counts as one more."""
        return self.first + len(self.jpegs) - 1 + self.ended


@dataclass(frozen=True)
class Received:
    """What is stored of a burst.

    Attributes:
        burst_id: The burst.
        last: Number of the last frame that is stored.
        folder: Where the frames are.
    """

    burst_id: str
    last: int
    folder: Path


def draw(project_id: str, labels: Sequence[Label]) -> None:
    """Draw the form for a new class, the instructions and the camera."""
    with st.form("burst-class", border=False, clear_on_submit=True):
        name, button = st.columns([4, 1], vertical_alignment="bottom")
        typed = name.text_input("A new class", placeholder="for example: thumb up")
        submitted = button.form_submit_button("Add class", width="stretch")
    if submitted:
        frame.run_action(lambda: add_label(database(), project_id, typed))
    st.markdown(
        "Hold the button of a class to take five images a second. Hold it **three times or more**, each time in front "
        "of another background or from another side: the images of one burst look alike, so they stay in one split."
    )
    st.caption(
        "Only the images that you take leave the browser, and they go no further than the machine that runs Graft. "
        "Browsers allow the camera only on localhost or over HTTPS."
    )
    if labels:
        _show_camera(project_id, labels)
    else:
        st.info("Add a class first; its button appears here.", icon=":material/info:")


@frame.fragment
def _show_camera(project_id: str, labels: Sequence[Label]) -> None:
    last: Received | None = state.get(_RECEIVED, None)
    classes = [{"id": label.id, "name": label.name, "images": label.images + label.excluded} for label in labels]
    confirmed = None if last is None else {"burst": last.burst_id, "number": last.last}
    answer = _CAMERA(
        key=f"burst-{project_id}",
        data={"classes": classes, "received": confirmed},
        on_frames_change=lambda: None,
    )
    message = answer.get("frames")
    frames = None if message is None else read_frames(message)
    if frames is None or (last is not None and frames.burst_id == last.burst_id and frames.last <= last.last):
        return
    received = store_frames(frames, last)
    state.set(_RECEIVED, received)
    label = next((label.name for label in labels if label.id == frames.label_id), None)
    if frames.ended and label is not None:
        paths = (settings().relative(received.folder),)
        spec = IngestSpec(paths=paths, label=label, group=f"burst {frames.burst_id}", remove_uploads=True)
        frame.run_action(lambda: submit(database(), settings(), project_id, spec))
    frame.rerun()


def read_frames(message: Mapping[str, Any]) -> Frames | None:
    """Read a message of the browser; None if it is not one that Graft's page sends."""
    try:
        jpegs = tuple(base64.b64decode(frame, validate=True) for frame in message["frames"])
        frames = Frames(
            str(message["burst"]), str(message["label"]), int(message["first"]), jpegs, bool(message["ended"])
        )
    except (KeyError, TypeError, ValueError, binascii.Error):
        return None
    are_jpegs = all(jpeg.startswith(_JPEG_MAGIC) and len(jpeg) <= FRAME_BYTES for jpeg in jpegs)
    valid = are_jpegs and len(jpegs) <= FRAMES_PER_MESSAGE and _BURST_ID.fullmatch(frames.burst_id) and frames.first > 0
    return frames if valid else None


def store_frames(frames: Frames, last: Received | None) -> Received:
    """Write the frames to the disk, without those that an earlier message brought.

    Args:
        frames: The message.
        last: What was stored before, of this burst or of another one.

    Raises:
        WorkspaceError: The disk is full or cannot be written.
    """
    same_burst = last is not None and last.burst_id == frames.burst_id
    folder = last.folder if same_burst and last else settings().uploads / f"burst-{frames.burst_id}"
    stored = last.last if same_burst and last else 0
    taken_at = time.strftime("%Y-%m-%d %H.%M.%S")
    with describe_disk_errors(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
    for number, jpeg in enumerate(frames.jpegs, frames.first):
        if number > stored:
            write_atomic(folder / f"camera {taken_at} {number:04}.jpg", functools.partial(Path.write_bytes, data=jpeg))
    return Received(frames.burst_id, max(stored, frames.last), folder)
