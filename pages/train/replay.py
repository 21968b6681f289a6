"""The replay of a run that has ended: its epochs one after another, at a pace that a class can follow."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.jobs.events import Epoch
from pages.shared import state

PACES = {0.5: "fast (½ s an epoch)", 1.0: "1 s an epoch", 3.0: "slow (3 s an epoch)"}
_KEY = "replay"


@dataclass(frozen=True)
class Replay:
    """A replay that is playing.

    Attributes:
        run_id: The run.
        began: When it was started, in UTC seconds.
        pace: Seconds for each epoch.
    """

    run_id: str
    began: float
    pace: float


def pace_of(run_id: str) -> float | None:
    """Seconds for each epoch while a replay of this run is playing; None while none is."""
    playing: Replay | None = state.get(_KEY, None)
    return playing.pace if playing is not None and playing.run_id == run_id else None


def draw(run_id: str, epochs: Sequence[Epoch]) -> Sequence[Epoch]:
    """Draw the controls, and return the epochs to show: those that were replayed so far, or up to a chosen one."""
    if len(epochs) == 1:
        return epochs
    playing: Replay | None = state.get(_KEY, None)
    if playing is not None and playing.run_id == run_id:
        return _draw_playing(playing, epochs)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        last = st.slider("Show the epochs up to", 1, len(epochs), len(epochs), key=f"epochs-{run_id}", width=320)
        pace = st.selectbox("Pace of the replay", list(PACES), 1, PACES.__getitem__, key=f"pace-{run_id}", width=220)
        if st.button("Replay", icon=":material/replay:", help="Show the epochs one after another"):
            state.set(_KEY, Replay(run_id, time.time(), pace))
            st.rerun()  # the whole page: the timer is set where it is drawn
    return epochs[:last]


def _draw_playing(playing: Replay, epochs: Sequence[Epoch]) -> Sequence[Epoch]:
    shown = 1 + int((time.time() - playing.began) / playing.pace)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(1.0, shown / len(epochs)), f"Epoch {min(shown, len(epochs))} of {len(epochs)}")
        if st.button("End the replay", icon=":material/stop:") or shown > len(epochs):
            state.set(_KEY, None)
            st.rerun()
    return epochs[:shown]
