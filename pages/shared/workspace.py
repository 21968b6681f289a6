"""The settings, the catalog and the stored images; opened once a web process and shared by all tabs."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import streamlit as st

from core.catalog.database import Database
from core.catalog.items import Item
from core.errors import GraftError, ImageError, InputError
from core.intake.decode_rgb import WHITE
from core.intake.decoder_pool import DecoderPool, Inspection
from core.intake.results import Limits
from core.jobs import queue
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.storage.workspace import protect_workspace

PAGE_SECONDS: Final = 3.0
logger = logging.getLogger("graft.workspace")


@st.cache_resource(max_entries=1, show_spinner=False)
def settings() -> Settings:
    """The settings, read from the environment when the web process started."""
    return Settings.from_environment()


def hosts() -> tuple[str, ...]:
    """Further host names under which the server answers; none if the environment cannot be read, as each page says."""
    try:
        return settings().hosts
    except InputError:
        return ()


@st.cache_resource(max_entries=1, show_spinner=False)
def database() -> Database:
    """The open catalog.

    Raises:
        WorkspaceError: The workspace cannot be written.
    """
    protect_workspace(settings())
    return Database(settings())


def store() -> OriginalStore:
    """The originals and thumbnails."""
    return OriginalStore(settings().originals, settings().thumbnails)


@st.cache_resource(max_entries=1, show_spinner=False, on_release=DecoderPool.close)
def decoders() -> DecoderPool:
    """One process that decodes for all tabs: no image is decoded in the web process."""
    return DecoderPool(Limits(decoders=1))


def inspect_original(item: Item, side: int, background: str = WHITE) -> Inspection:
    """Decode the original of an image, outside the web process.

    Args:
        item: The image.
        side: Longest side of the thumbnail in pixels.
        background: Colour behind transparent pixels, `#rrggbb`.

    Raises:
        ImageError: The file is missing or cannot be decoded.
    """
    suffix = Path(item.name).suffix.lower()
    try:
        return decoders().inspect(store().path(item.digest), suffix, side=side, background=background)
    except ImageError as error:
        raise ImageError(f"{item.name} cannot be used any more.", error.sentence) from error


@st.cache_resource(max_entries=1, show_spinner=False)
def start_workers() -> None:
    """Start the workers soon after the first page, so that they are warm when the first job comes.

    A job that comes earlier starts them itself.
    """
    later = threading.Timer(PAGE_SECONDS, _start, [queue.ensure_dispatcher, settings()])
    later.daemon = True
    later.start()


def _start(start: Callable[[Settings], None], chosen: Settings) -> None:
    try:
        start(chosen)
    except GraftError as error:
        logger.warning("%s", error)  # the first job shows it on its page
