"""The sample sets: one click creates a project and adds the images."""

from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from core.catalog.projects import create_project
from core.intake.public import PUBLIC_SAMPLES, PublicSample
from core.intake.samples import SAMPLES, Sample
from core.jobs.queue import submit
from core.jobs.specs import IngestSpec
from pages.shared import frame, words
from pages.shared.steps import IMAGES
from pages.shared.workspace import database, settings

_ASSETS = Path(__file__).parents[2] / "assets"


def draw() -> None:
    """Draw a card for each sample set, those to download last."""
    st.markdown("Look around with a sample set. These work without a network.")
    with st.grid(columns=2, min_column_width=280, border=True):
        for name, sample in SAMPLES.items():
            with st.container(key=f"sample-{name}", height="stretch"):
                _show_card(name, sample)
    with st.expander("Well-known public sets, downloaded on demand", icon=":material/cloud_download:"):
        st.markdown("A download is used only if it is exactly the published file, and is stored for the next time.")
        with st.grid(columns=2, min_column_width=280, border=True):
            for name, public in PUBLIC_SAMPLES.items():
                with st.container(key=f"sample-{name}", height="stretch"):
                    _show_public_card(name, public)


def _show_card(name: str, sample: Sample) -> None:
    st.subheader(sample.title, anchor=False)
    st.image(_ASSETS / f"sample-{name}.png", alt=f"Some of the {sample.title.lower()}", width="stretch")
    st.markdown(f"{sample.sentence} {sample.images:,} images.")
    _show_source(f"{sample.licence}: {sample.source}.")
    _show_button(name, sample.title)


def _show_public_card(name: str, sample: PublicSample) -> None:
    st.subheader(sample.title, anchor=False)
    st.markdown(
        f"{sample.sentence} {sample.images:,} images of {len(sample.classes)} classes, a download of "
        f"{sample.size_bytes / 1e6:.0f} MB."
    )
    host = words.escape_markdown(urlsplit(sample.url).hostname or "")
    _show_source(f"Licence: {sample.licence}. Source: {sample.source}. Downloaded from {host}.")
    _show_button(name, sample.title)


def _show_source(text: str) -> None:
    """Show it small. A caption is too pale for a link."""
    st.markdown(f":small[{text}]")


def _show_button(name: str, title: str) -> None:
    st.space("stretch")
    if st.button(f"Try “{title}”", key=f"try-{name}"):
        with frame.show_errors():
            project = create_project(database(), title)
            submit(database(), settings(), project, IngestSpec(sample=name))
            frame.go_to(IMAGES, project_id=project)
