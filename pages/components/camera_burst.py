"""The camera burst in the browser, and what of it arrives here."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.catalog.labels import Label

FRAME_BYTES = 2_000_000
FRAMES = 20
_ASSETS = Path(__file__).parents[2] / "assets"
_ID = re.compile(r"[0-9a-f]{16}")
_JPEG = b"\xff\xd8\xff"
_CAMERA = st.components.v2.component(
    "graft-burst",
    html='<div class="burst"><video muted playsinline></video><div class="classes"></div><div class="note"'
    ' role="status"></div></div>',
    css=(_ASSETS / "burst.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "burst.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Frames:
    """Frames of a burst, in the order in which they were taken.

    Attributes:
        burst: Id of the burst.
        label_id: Class of its images.
        first: Number of the first frame in the burst, from 1.
        jpegs: The frames.
        ended: Whether these are the last ones.
    """

    burst: str
    label_id: str
    first: int
    jpegs: tuple[bytes, ...]
    ended: bool

    @property
    def last(self) -> int:
        """Number of what was received last, the end of the burst counted."""
        return self.first + len(self.jpegs) - 1 + self.ended


def show_camera(key: str, labels: Sequence[Label], received: tuple[str, int] | None) -> Frames | None:
    """Draw the camera with a button for each class, and give frames that came since the last time.

    Args:
        key: Of the widget.
        labels: The classes.
        received: Id of the burst and number of the frame that were received last.
    """
    classes = [{"id": label.id, "name": label.name, "images": label.images + label.excluded} for label in labels]
    done = None if received is None else {"burst": received[0], "number": received[1]}
    result = _CAMERA(key=key, data={"classes": classes, "received": done}, on_frames_change=lambda: None)
    message = result.get("frames")
    return None if message is None else read_frames(message)


def read_frames(message: Mapping[str, Any]) -> Frames | None:
    """Read what the browser sent; None if it is not what this app's page sends."""
    try:
        jpegs = tuple(base64.b64decode(frame, validate=True) for frame in message["frames"])
        frames = Frames(
            str(message["burst"]), str(message["label"]), int(message["first"]), jpegs, bool(message["ended"])
        )
    except (KeyError, TypeError, ValueError, binascii.Error):
        return None
    sound = all(jpeg.startswith(_JPEG) and len(jpeg) <= FRAME_BYTES for jpeg in jpegs)
    return frames if sound and len(jpegs) <= FRAMES and _ID.fullmatch(frames.burst) and frames.first > 0 else None
