"""A map of all images as the network sees them: what lies together looks alike to it."""

from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.dataset.manifest import SPLIT_NAMES
from core.evaluation.predictions import Predictions
from core.evaluation.space import FILE_NAME, read_space
from pages.panels import result_images
from pages.shared import charts, frame, words
from pages.shared.run_results import RUNS_KEPT, Results
from pages.shared.workspace import settings

_COLOURS = {"class": "What they are", "verdict": "Right or wrong"}
# More points would make the browser slow, and say no more.
_MOST = 5000


@frame.part
def draw(project_id: str, results: Results) -> None:
    """Draw the map, and the images that a person encircles in it."""
    file = settings().runs / results.run_id / FILE_NAME
    if not file.is_file():
        st.info("This run has kept no features to draw a map from.", icon=":material/info:")
        return
    digests, places, explained = _places(file, file.stat().st_mtime_ns)
    st.markdown(
        "Each point is an image; images that look alike to the network lie together. **Draw a line around points** to "
        "see their images: strangers among another class are often wrong labels."
    )
    colours = st.segmented_control(
        "Colours", list(_COLOURS), default="class", required=True, format_func=_COLOURS.__getitem__, key="map-colours"
    )
    seen, where = _matched(results.seen, digests)
    groups = _groups(seen, by_class=colours == "class")
    chosen = charts.show_encircled(
        charts.image_map(places[where], groups, seen.names, explained), key=f"map-{results.run_id}-{colours}"
    )
    if chosen:
        result_images.draw(project_id, results.run_id, seen.rows(np.array(chosen, np.int64)), "map")
    else:
        st.caption(f"{words.count(len(seen), 'image')} of the splits {', '.join(SPLIT_NAMES)}.")


def _matched(seen: Predictions, digests: tuple[str, ...]) -> tuple[Predictions, NDArray[np.int64]]:
    """The images that were judged and have a place, and their places."""
    place = {digest: row for row, digest in enumerate(digests)}
    rows = [row for row, digest in enumerate(seen.digests) if digest in place]
    if len(rows) > _MOST:
        rows = sorted(np.random.default_rng(0).choice(rows, _MOST, replace=False).tolist())
    return seen.rows(np.array(rows, np.int64)), np.array([place[seen.digests[row]] for row in rows], np.int64)


def _groups(seen: Predictions, *, by_class: bool) -> list[str]:
    if by_class:
        return [seen.classes[label] for label in seen.true]
    return ["right" if right else "called wrongly" for right in seen.right]


@st.cache_resource(max_entries=RUNS_KEPT, show_spinner=False)
def _places(
    file: Path,
    changed_at: int,  # noqa: ARG001 - part of the key
) -> tuple[tuple[str, ...], NDArray[np.float32], NDArray[np.float64]]:
    """Digests, (n, 2) coordinates and (2,) explained shares; the features themselves are not kept in memory."""
    space = read_space(file.parent)
    return space.digests, space.map, space.explained
