"""Pictures in a grid, to choose several of them or to look at one."""

import base64
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_ASSETS = Path(__file__).parents[2] / "assets"
_GRID = st.components.v2.component(
    "graft-gallery",
    html='<div class="grid" role="group"></div>',
    css=(_ASSETS / "gallery.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "gallery.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Tile:
    """One picture of a gallery.

    Attributes:
        id: What the answer calls it.
        thumbnail: A JPEG file; one that is not there leaves an empty tile.
        name: Of the file.
        lines: What to say below the name, a few words a line.
        muted: Whether it is shown pale.
    """

    id: str
    thumbnail: Path
    name: str
    lines: tuple[str, ...] = ()
    muted: bool = False


@dataclass(frozen=True)
class Answer:
    """What a person did in a gallery.

    Attributes:
        chosen: Ids of the chosen pictures among those shown; None before anything was clicked.
        opened: Id of the picture to look at now, None for none.
    """

    chosen: frozenset[str] | None
    opened: str | None


def show_gallery(
    key: str, pictures: Sequence[Tile], label: str, chosen: Collection[str] = (), *, choosable: bool = True
) -> Answer:
    """Draw pictures.

    Args:
        key: Of the widget. The same key with the same pictures keeps what the person clicked; with another key,
            `chosen` counts.
        pictures: What to show, a page of them.
        label: What they are, for screen readers.
        chosen: Ids that are chosen at first.
        choosable: Whether a click chooses a picture; otherwise it opens it.
    """
    shown: list[dict[str, Any]] = [
        {"id": one.id, "src": _source(one.thumbnail), "name": one.name, "lines": one.lines, "muted": one.muted}
        for one in pictures
    ]
    version = hashlib.sha256(repr((key, pictures)).encode()).hexdigest()
    data = {
        "version": version,
        "label": label,
        "choosable": choosable,
        "pictures": shown,
        "chosen": [one.id for one in pictures if one.id in chosen],
    }
    result = _GRID(key=key, data=data, on_chosen_change=lambda: None, on_opened_change=lambda: None)
    clicked = result.get("chosen")
    return Answer(None if clicked is None else frozenset(clicked), result.get("opened"))


def _source(thumbnail: Path) -> str | None:
    try:
        return "data:image/jpeg;base64," + base64.b64encode(thumbnail.read_bytes()).decode("ascii")
    except FileNotFoundError:
        return None
