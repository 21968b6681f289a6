"""A map of all images by the features of the network (embedding): similar images are close together."""

from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.dataset.manifest import SPLIT_NAMES
from core.evaluation.inference.predictions import Predictions
from core.evaluation.metrics.embedding import FEATURES_FILE, read_embedding
from core.evaluation.metrics.tsne import TSNE_FILE, read_tsne
from core.jobs.specs import TsneResult, TsneSpec
from pages.components import point_map
from pages.results import predicted_images
from pages.shared import frame, job_results, words
from pages.shared.run_results import RUNS_KEPT, Results
from pages.shared.workspace import settings

Coordinates = tuple[tuple[str, ...], NDArray[np.float32], tuple[str, str]]
_WAYS = {"pca": "By largest differences (PCA)", "tsne": "By neighbours (t-SNE)"}
_COLOURS = {"class": "True class", "correct": "Correct or wrong"}
# More points would only make the browser slow.
_MOST_POINTS = 5000


@frame.fragment
def draw(project_id: str, results: Results) -> None:
    """Draw the map, and the images that a person selects in it."""
    file = settings().runs / results.run_id / FEATURES_FILE
    if not file.is_file():
        st.info("This run stored no features to draw a map from.", icon=":material/info:")
        return
    st.markdown(
        "Each point is an image; images that are similar for the network are close together. Point at one or tap it to "
        "see it. **Draw a line around points**, or click one, to change their images: outliers within another class "
        "often have wrong labels."
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
    coordinates = _load_coordinates(project_id, results.run_id, file, by_neighbours=way == "tsne")
    if coordinates is None:
        return
    digests, places, axes = coordinates
    seen, where = _matched(results.seen, digests)
    if not len(seen):
        st.info("None of these images is on the map.", icon=":material/info:")
        return
    groups, group = _groups(seen, by_class=colours == "class")
    layout = point_map.Layout(places[where], axes, groups, group)
    chosen = point_map.show_map(f"map-{results.run_id}-{colours}-{way}", seen, layout)
    if chosen:
        predicted_images.draw(project_id, results.run_id, seen.rows(np.array(chosen, np.int64)), "map")
    else:
        st.caption(f"{words.count(len(seen), 'image')} of the splits {', '.join(SPLIT_NAMES)}.")


def _load_coordinates(project_id: str, run_id: str, file: Path, *, by_neighbours: bool) -> Coordinates | None:
    """Digests, coordinates and titles of the axes; None while a worker computes them."""
    if not by_neighbours:
        digests, places, explained = _pca_coordinates(file, file.stat().st_mtime_ns)
        first, second = (f"{share:.0%} of the differences" for share in explained)
        return digests, places, (f"first direction ({first})", f"second direction ({second})")
    stored = file.parent / TSNE_FILE
    if not stored.is_file() or stored.stat().st_mtime_ns < file.stat().st_mtime_ns:
        spec = TsneSpec(run=run_id, features_changed_at=file.stat().st_mtime_ns)
        if job_results.await_job(project_id, spec, TsneResult, "Computing the map") is None:
            return None
    digests, places = _tsne_coordinates(stored, stored.stat().st_mtime_ns)
    return (
        digests,
        places,
        ("near means similar; distances between groups mean nothing", "no unit: directions mean nothing"),
    )


def _matched(seen: Predictions, digests: tuple[str, ...]) -> tuple[Predictions, NDArray[np.int64]]:
    """The predicted images that are on the map, and their rows in it."""
    place = {digest: row for row, digest in enumerate(digests)}
    rows = [row for row, digest in enumerate(seen.digests) if digest in place]
    if len(rows) > _MOST_POINTS:
        rows = sorted(np.random.default_rng(0).choice(rows, _MOST_POINTS, replace=False).tolist())
    return seen.rows(np.array(rows, np.int64)), np.array([place[seen.digests[row]] for row in rows], np.int64)


def _groups(seen: Predictions, *, by_class: bool) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names of the groups, and the group of each image."""
    if by_class:
        return seen.classes, seen.true
    return ("correct", "wrong"), (~seen.correct).astype(np.int64)


@st.cache_resource(max_entries=RUNS_KEPT, show_spinner=False)
def _tsne_coordinates(
    file: Path,
    changed_at: int,  # noqa: ARG001 - part of the key
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    return read_tsne(file.parent)


@st.cache_resource(max_entries=RUNS_KEPT, show_spinner=False)
def _pca_coordinates(
    file: Path,
    changed_at: int,  # noqa: ARG001 - part of the key
) -> tuple[tuple[str, ...], NDArray[np.float32], NDArray[np.float64]]:
    """Digests, coordinates (n, 2) and explained shares (2,). The features are not kept in memory."""
    space = read_embedding(file.parent)
    return space.digests, space.map, space.explained
