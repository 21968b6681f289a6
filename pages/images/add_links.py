"""Images of a list of addresses in the web."""

from collections.abc import Sequence

import streamlit as st

from core.catalog.labels import Label
from core.intake.links import Link, read_links
from core.intake.web import WebLimits
from core.jobs.queue import submit
from pages.components.class_picker import choose_class
from pages.shared import frame, state, words
from pages.shared.workspace import database, settings

_LIMITS = WebLimits()
_ROUND = "links-round"


def draw(project_id: str, labels: Sequence[Label]) -> None:
    """Draw the list, the class for addresses that name none, and the button that fetches the images."""
    text = st.text_area(
        "Addresses of images, one a line",
        placeholder="https://example.org/photos/ant-1.jpg\nhttps://example.org/photos/bee-7.jpg bees",
        help="A class may stand behind the address.",
        key=f"links-{state.get(_ROUND, 0)}",
        height=150,
    )
    label = choose_class(labels, "links", "Class of the images whose line names none")
    links = read_links(text)
    st.caption(
        "Only addresses that begin with https:// are fetched, and none in a private network; at most "
        f"{_LIMITS.links:,} at once, each up to {_LIMITS.file_bytes / 1e6:.0f} MB and {_LIMITS.seconds:.0f} seconds. "
        "Use images that you may use."
    )
    what = words.count(len(links), "image") if links else "images"
    if st.button(f"Fetch {what}", disabled=not links, key="add-links"):
        frame.run_action(lambda: _take_in(project_id, links, label))


def _take_in(project_id: str, links: Sequence[Link], label: str | None) -> None:
    arguments = {"links": [[link.url, link.label] for link in links], "label": label}
    submit(database(), settings(), project_id, "take-in", arguments)
    state.set(_ROUND, state.get(_ROUND, 0) + 1)
