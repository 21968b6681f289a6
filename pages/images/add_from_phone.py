"""A phone as the camera: a person scans a code, and the pictures of the phone appear in the project."""

import io
import time
from collections.abc import Sequence

import segno
import streamlit as st

from core.catalog.items import count_rejected_files
from core.catalog.labels import Label, add_label
from core.catalog.projects import get_project
from core.jobs.specs import IngestSpec
from pages.components import job_progress
from pages.images.class_picker import choose_class
from pages.routes import addresses, phone
from pages.routes.invitations import PICTURES, Invitation, invitations
from pages.shared import frame, words
from pages.shared.workspace import database

REFRESH_SECONDS = 1.5
MODULE_PIXELS = 6
CODE_WIDTH = 260

_NOT_REACHABLE = (
    "A phone cannot reach Graft, which listens to this computer alone: end it and start it with "
    "`streamlit run app.py --server.address 0.0.0.0`, and only in a network whose people you trust, as everybody in it "
    "can then see, change and delete every project."
)


def draw(project_id: str, labels: Sequence[Label]) -> None:
    """Draw the choice of a class and the code, or how to start Graft so that a phone can reach it."""
    origin = addresses.network_origin()
    if origin is None:
        st.info(_NOT_REACHABLE, icon=":material/phonelink_off:")
        return
    name = choose_class(labels, "phone", "Class of the pictures")
    if name is None:
        st.caption("Choose a class; a code to scan with the phone appears then.")
        return
    label = next((label for label in labels if label.name == name), None)
    if label is None:
        frame.run_action(lambda: add_label(database(), project_id, name))
    else:
        invitation = invitations().invite(project_id)
        _show_code(phone.link(origin, invitation, label.id), invitation, label)
        _refresh(project_id, _state(project_id))


def _show_code(link: str, invitation: Invitation, label: Label) -> None:
    code, steps = st.columns([1, 2], vertical_alignment="center")
    code.image(picture(link), width=CODE_WIDTH, alt=f"A code to scan with a phone, for {link}")
    with steps:
        st.markdown(
            "1. Connect the phone to the same network as this computer.\n"
            "2. Point its camera at the code, and open the link.\n"
            "3. Take pictures, or choose some from the phone. They appear here by themselves."
        )
        st.markdown(
            f"**{words.escape_markdown(label.name)}** has {words.count(label.images + label.excluded, 'image')}."
        )
        st.code(link, language=None, wrap_lines=True)
        until = time.strftime("%H:%M", time.localtime(invitation.until))
        st.caption(
            f"Whoever has the code can add up to {PICTURES:,} pictures to this project until {until}. "
            + (
                "The phone can also take several pictures a second, as long as a button is held."
                if link.startswith("https:")
                else "The pictures cross the network unencrypted, as Graft was not started with https; without it "
                "browsers also deny the page the live camera, so the phone's own camera app takes the pictures."
            )
        )


def picture(link: str) -> bytes:
    """A PNG of the code, dark on white with a quiet zone, so that it can be read on a dark page too."""
    out = io.BytesIO()
    segno.make(link, error="m", micro=False).save(out, kind="png", scale=MODULE_PIXELS, border=4)
    return out.getvalue()


@frame.auto_refresh(lambda *_args: REFRESH_SECONDS)
def _refresh(project_id: str, shown: tuple[object, ...]) -> None:
    """Rerun the page when pictures arrive."""
    if _state(project_id) != shown:
        st.rerun()


def _state(project_id: str) -> tuple[object, ...]:
    running = job_progress.running_job(project_id, IngestSpec)
    return (
        get_project(database(), project_id).images,
        count_rejected_files(database(), project_id),
        running and running.id,
    )
