"""A map of images as points: resting on one shows its picture, a line around several chooses them.

Plotly's own hover cannot hold a picture, so the map is a component of our own; it loads the small pictures that are
looked at, one by one, from the web server.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.dataset.manifest import SPLIT_NAMES
from core.evaluation.inference.predictions import Predictions
from pages.routes import thumbnails

_ASSETS = Path(__file__).parents[2] / "assets"
_HTML = """
<div class="map">
  <div class="tools">
    <button type="button" data-do="line" aria-pressed="false">Draw a line</button>
    <button type="button" data-do="closer">Zoom to the chosen</button>
    <button type="button" data-do="whole">Whole map</button>
  </div>
  <div class="plane">
    <canvas class="points"></canvas>
    <canvas class="marks" tabindex="0" role="application" aria-roledescription="map of images"></canvas>
    <span class="axis across"></span><span class="axis up"></span>
    <div class="card" hidden></div>
  </div>
  <div class="legend" role="group" aria-label="Show only"></div>
  <div class="said" role="status"></div>
</div>
"""
_MAP = st.components.v2.component(
    "graft-point-map",
    html=_HTML,
    css=(_ASSETS / "point_map.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "point_map.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Layout:
    """Where the images lie and what colours them.

    Attributes:
        places: (n, 2) coordinates, of any unit.
        axes: Titles of both axes.
        groups: Names of the groups, for the legend.
        group: (n,) the group of each image.
    """

    places: NDArray[np.float32]
    axes: tuple[str, str]
    groups: Sequence[str]
    group: NDArray[np.int64]


def show_map(key: str, images: Predictions, layout: Layout) -> list[int]:
    """Draw the map, and give the rows of the images that a person has chosen in it.

    Args:
        key: Of the widget. The same key with the same images keeps what is chosen.
        images: What the points are; at least one.
        layout: Where they lie.
    """
    version = hashlib.sha256(repr((key, images.digests)).encode() + layout.places.tobytes()).hexdigest()
    result = _MAP(key=key, data=_data(images, layout) | {"version": version}, on_chosen_change=lambda: None)
    chosen = result.get("chosen") or []
    return [row for row in chosen if isinstance(row, int) and 0 <= row < len(images)]


def _data(images: Predictions, layout: Layout) -> dict[str, Any]:
    return {
        "label": _label(len(images), layout),
        "pictures": thumbnails.link(""),
        "axes": layout.axes,
        "x": [round(x, 5) for x in layout.places[:, 0].tolist()],
        "y": [round(y, 5) for y in layout.places[:, 1].tolist()],
        "groups": list(layout.groups),
        "group": layout.group.tolist(),
        "names": images.names,
        "digests": images.digests,
        "classes": images.classes,
        "true": images.true.tolist(),
        "predicted": images.predicted.tolist(),
        "confidence": np.rint(100 * images.confidence).astype(int).tolist(),
        "splits": SPLIT_NAMES,
        "split": images.splits.tolist(),
    }


def _label(total: int, layout: Layout) -> str:
    across, up = layout.axes
    return (
        f"Map of {total} images in {len(layout.groups)} groups; across {across}, up {up}. Arrow keys go from image to "
        "image, Enter chooses one, with Shift one more, Escape none."
    )
