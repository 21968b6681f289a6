"""Frames of a camera burst as they arrive from the browser."""

import base64

import pytest

from core.errors import WorkspaceError
from pages.images.camera_burst import FRAME_BYTES, FRAMES_PER_MESSAGE, Frames, read_frames, store_frames

BURST = "0123456789abcdef"
JPEG = b"\xff\xd8\xff picture"


def message(**changes):
    frame = base64.b64encode(JPEG).decode()
    return {"burst": BURST, "label": "1", "first": 1, "frames": [frame, frame], "ended": False} | changes


def test_frames_are_read():
    assert read_frames(message(first=3, ended=True)) == Frames(BURST, "1", 3, (JPEG, JPEG), ended=True)
    assert read_frames(message()).last == 2
    assert read_frames(message(ended=True)).last == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"burst": "../../etc"},
        {"burst": None},
        {"first": 0},
        {"first": "one"},
        {"frames": None},
        {"frames": ["no base64!"]},
        {"frames": [base64.b64encode(b"<svg>").decode()]},
        {"frames": [base64.b64encode(JPEG + bytes(FRAME_BYTES)).decode()]},
        {"frames": [base64.b64encode(JPEG).decode()] * (FRAMES_PER_MESSAGE + 1)},
    ],
)
def test_a_message_that_graft_did_not_send_is_ignored(changes):
    assert read_frames(message(**changes)) is None


@pytest.fixture
def uploads(settings, monkeypatch):
    monkeypatch.setattr("pages.images.camera_burst.settings", lambda: settings)
    return settings.uploads


def test_a_repeated_message_is_stored_once(uploads):
    first = store_frames(Frames(BURST, "1", 1, (b"a", b"b"), ended=False), None)
    again = store_frames(Frames(BURST, "1", 1, (b"x", b"x", b"c"), ended=False), first)
    last = store_frames(Frames(BURST, "1", 4, (), ended=True), again)
    assert [path.read_bytes() for path in sorted(last.folder.iterdir())] == [b"a", b"b", b"c"]
    assert (last.folder, last.last) == (uploads / f"burst-{BURST}", 4)


def test_a_disk_that_cannot_be_written_raises_an_error(uploads):
    uploads.parent.mkdir(parents=True)
    uploads.write_text("a file where a folder should be")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        store_frames(Frames(BURST, "1", 1, (b"a",), ended=False), None)
