"""The sample sets: one click makes a project and has its images taken in."""

from pathlib import Path

import streamlit as st

from core.catalog.projects import create_project
from core.intake.samples import SAMPLES, Sample
from core.jobs.queue import submit
from pages.shared import frame
from pages.shared.steps import IMAGES
from pages.shared.workspace import database, settings

_ASSETS = Path(__file__).parents[2] / "assets"


def draw() -> None:
    """Draw a card for each sample set."""
    st.markdown("Or look around with a sample set; both work without a network.")
    with st.grid(columns=2, min_column_width=280, border=True):
        for name, sample in SAMPLES.items():
            with st.container(key=f"sample-{name}"):
                _draw_card(name, sample)


def _draw_card(name: str, sample: Sample) -> None:
    st.subheader(sample.title, anchor=False)
    st.image(_ASSETS / f"sample-{name}.png", alt=f"Some of the {sample.title.lower()}", width="stretch")
    st.markdown(f"{sample.sentence} {sample.images:,} images.")
    st.caption(f"{sample.licence}: {sample.source}.")
    if st.button(f"Try “{sample.title}”", key=f"try-{name}"):
        with frame.in_words():
            project = create_project(database(), sample.title)
            submit(database(), settings(), project, "take-in", {"sample": name})
            frame.go(IMAGES, project_id=project)
