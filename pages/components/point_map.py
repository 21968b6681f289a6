"""A map of images as points: hovering over a point shows its thumbnail, a line around several points chooses them.

Plotly's hover labels cannot hold images, so the map is a component of our own. It loads each thumbnail when it is
needed.
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
    """Coordinates and groups of the images.

    Attributes:
        places: (n_images, 2) coordinates in any unit.
        axes: Titles of both axes.
        groups: Names of the groups, for the legend.
        group: (n_images,) index of each image's group.
    """

    places: NDArray[np.float32]
    axes: tuple[str, str]
    groups: Sequence[str]
    group: NDArray[np.int64]


def show_map(key: str, images: Predictions, layout: Layout) -> list[int]:
    """Show the map and return the rows of the chosen images.

    Args:
        key: Key of the widget. The selection is kept while the key and the images stay the same.
        images: The images, at least one.
        layout: Their coordinates and groups.
    """
    version = hashlib.sha256(repr((key, images.digests)).encode() + layout.places.tobytes()).hexdigest()
    result = _MAP(key=key, data=_data(images, layout) | {"version": version}, on_chosen_change=lambda: None)
    chosen = result.get("chosen") or []
    return [row for row in chosen if isinstance(row, int) and 0 <= row < len(images)]


def _data(images: Predictions, layout: Layout) -> dict[str, Any]:
    return {
        "label": _label(len(images), layout),
        "thumbnails": thumbnails.link(""),
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
        f"Map of {total} images in {len(layout.groups)} groups; horizontal axis {across}, vertical axis {up}. "
        "Arrow keys move to the next image, Enter chooses it, Shift and Enter adds it, Escape clears."
    )
