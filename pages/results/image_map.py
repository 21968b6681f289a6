"""A map of all images as the network sees them: what lies together looks alike to it."""

from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.dataset.manifest import SPLIT_NAMES
from core.evaluation.inference.predictions import Predictions
from core.evaluation.metrics.embedding import FILE_NAME, read_embedding
from core.evaluation.metrics.tsne import FILE_NAME as NEIGHBOURS_FILE
from core.evaluation.metrics.tsne import read_tsne
from core.jobs.specs import TsneResult, TsneSpec
from pages.components import point_map
from pages.results import result_images
from pages.shared import frame, job_results, words
from pages.shared.run_results import RUNS_KEPT, Results
from pages.shared.workspace import settings

Arranged = tuple[tuple[str, ...], NDArray[np.float32], tuple[str, str]]
_WAYS = {"pca": "Largest differences (PCA)", "tsne": "Neighbours (t-SNE)"}
_COLOURS = {"class": "What they are", "verdict": "Right or wrong"}
# More points would make the browser slow, and say no more.
_MOST = 5000


@frame.fragment
def draw(project_id: str, results: Results) -> None:
    """Draw the map, and the images that a person encircles in it."""
    file = settings().runs / results.run_id / FILE_NAME
    if not file.is_file():
        st.info("This run has kept no features to draw a map from.", icon=":material/info:")
        return
    st.markdown(
        "Each point is an image; images that look alike to the network lie together. Rest on or tap one to see it. "
        "**Draw a line around points**, or click one, to act upon their images: strangers among another class "
        "are often wrong labels."
    )
    with st.container(horizontal=True, gap="medium"):
        colours = st.segmented_control(
            "Colours",
            list(_COLOURS),
            default="class",
            required=True,
            format_func=_COLOURS.__getitem__,
            key="map-colours",
            wrap=True,
        )
        way = st.segmented_control(
            "Arranged by",
            list(_WAYS),
            default="pca",
            required=True,
            format_func=_WAYS.__getitem__,
            key="map-way",
            wrap=True,
        )
    arranged = _arranged(project_id, results.run_id, file, by_neighbours=way == "tsne")
    if arranged is None:
        return
    digests, places, axes = arranged
    seen, where = _matched(results.seen, digests)
    if not len(seen):
        st.info("None of these images has a place on the map.", icon=":material/info:")
        return
    groups, group = _groups(seen, by_class=colours == "class")
    layout = point_map.Layout(places[where], axes, groups, group)
    chosen = point_map.show_map(f"map-{results.run_id}-{colours}-{way}", seen, layout)
    if chosen:
        result_images.draw(project_id, results.run_id, seen.rows(np.array(chosen, np.int64)), "map")
    else:
        st.caption(f"{words.count(len(seen), 'image')} of the splits {', '.join(SPLIT_NAMES)}.")


def _arranged(project_id: str, run_id: str, file: Path, *, by_neighbours: bool) -> Arranged | None:
    """Digests, places and titles of the axes; None while a worker arranges the images."""
    if not by_neighbours:
        digests, places, explained = _places(file, file.stat().st_mtime_ns)
        first, second = (f"{share:.0%} of the differences" for share in explained)
        return digests, places, (f"first direction ({first})", f"second direction ({second})")
    kept = file.parent / NEIGHBOURS_FILE
    if not kept.is_file() or kept.stat().st_mtime_ns < file.stat().st_mtime_ns:
        spec = TsneSpec(run=run_id, features_changed_at=file.stat().st_mtime_ns)
        if job_results.await_job(project_id, spec, TsneResult, "Arranging the images") is None:
            return None
    digests, places = _neighbours(kept, kept.stat().st_mtime_ns)
    return (
        digests,
        places,
        ("near is alike; how far groups lie apart means nothing", "no unit: directions mean nothing"),
    )


def _matched(seen: Predictions, digests: tuple[str, ...]) -> tuple[Predictions, NDArray[np.int64]]:
    """The images that were judged and have a place, and their places."""
    place = {digest: row for row, digest in enumerate(digests)}
    rows = [row for row, digest in enumerate(seen.digests) if digest in place]
    if len(rows) > _MOST:
        rows = sorted(np.random.default_rng(0).choice(rows, _MOST, replace=False).tolist())
    return seen.rows(np.array(rows, np.int64)), np.array([place[seen.digests[row]] for row in rows], np.int64)


def _groups(seen: Predictions, *, by_class: bool) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names of the groups, and the group of each image."""
    if by_class:
        return seen.classes, seen.true
    return ("right", "called wrongly"), (~seen.right).astype(np.int64)


@st.cache_resource(max_entries=RUNS_KEPT, show_spinner=False)
def _neighbours(
    file: Path,
    changed_at: int,  # noqa: ARG001 - part of the key
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    return read_tsne(file.parent)


@st.cache_resource(max_entries=RUNS_KEPT, show_spinner=False)
def _places(
    file: Path,
    changed_at: int,  # noqa: ARG001 - part of the key
) -> tuple[tuple[str, ...], NDArray[np.float32], NDArray[np.float64]]:
    """Digests, (n, 2) coordinates and (2,) explained shares; the features themselves are not kept in memory."""
    space = read_embedding(file.parent)
    return space.digests, space.map, space.explained
