"""A grid of images, to choose several of them or to open one.

The browser asks the server for each thumbnail when its tile comes into view.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from pages.routes import thumbnails

_ASSETS = Path(__file__).parents[2] / "assets"
_GRID = st.components.v2.component(
    "graft-gallery",
    html='<div class="grid" role="group"></div>',
    css=(_ASSETS / "gallery.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "gallery.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Tile:
    """One image of a gallery.

    Attributes:
        id: Its name in the `Selection`.
        digest: SHA-256 of the image, by which the browser asks for its thumbnail; a missing one leaves an empty tile.
        name: File name.
        lines: Text below the name, a few words a line.
        muted: Whether the picture is shown pale, for an image that is set aside.
    """

    id: str
    digest: str
    name: str
    lines: tuple[str, ...] = ()
    muted: bool = False


@dataclass(frozen=True)
class Selection:
    """The state of a gallery.

    Attributes:
        chosen: Ids of the chosen tiles among those shown; None before the first click.
        opened: Id of the tile that was just opened; None for none.
    """

    chosen: frozenset[str] | None
    opened: str | None


def show_gallery(
    key: str,
    tiles: Sequence[Tile],
    label: str,
    chosen: Collection[str] = (),
    *,
    choosable: bool = True,
    thumbnails_at: str | None = None,
) -> Selection:
    """Show a grid of images.

    Args:
        key: Key of the widget. The selection is kept while the key and the tiles stay the same; a new key starts from
            `chosen`.
        tiles: The tiles of one page.
        label: Name of the grid for screen readers.
        chosen: Ids that are chosen at first.
        choosable: Whether a click chooses a tile; otherwise it opens it.
        thumbnails_at: The link to which a digest is added; None for the images of projects.
    """
    shown: list[dict[str, Any]] = [
        {"id": one.id, "digest": one.digest, "name": one.name, "lines": one.lines, "muted": one.muted} for one in tiles
    ]
    version = hashlib.sha256(repr((key, tiles)).encode()).hexdigest()
    data = {
        "version": version,
        "label": label,
        "thumbnails": thumbnails.link("") if thumbnails_at is None else thumbnails_at,
        "choosable": choosable,
        "tiles": shown,
        "chosen": [one.id for one in tiles if one.id in chosen],
    }
    result = _GRID(key=key, data=data, on_chosen_change=lambda: None, on_opened_change=lambda: None)
    clicked = result.get("chosen")
    return Selection(None if clicked is None else frozenset(clicked), result.get("opened"))
