"""The settings, the catalog and the stored images; opened once a web process and shared by all tabs."""

import logging
import threading
from collections.abc import Callable
from typing import Final

import streamlit as st

from core.catalog.database import Database
from core.errors import GraftError, InputError
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
