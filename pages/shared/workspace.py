"""The settings, the catalog and the stored images, opened once a web process and shared by all visitors."""

import streamlit as st

from core.catalog.database import Database
from core.catalog.originals import OriginalStore
from core.jobs import queue
from core.settings import Settings


@st.cache_resource(max_entries=1, show_spinner=False)
def settings() -> Settings:
    """Where things are, as the environment said when the web process started."""
    return Settings.from_environment()


@st.cache_resource(max_entries=1, show_spinner=False)
def database() -> Database:
    """The open catalog.

    Raises:
        WorkspaceError: The workspace cannot be written.
    """
    return Database(settings())


def store() -> OriginalStore:
    """The originals and thumbnails."""
    return OriginalStore(settings().originals, settings().thumbnails)


@st.cache_resource(max_entries=1, show_spinner=False)
def start_workers() -> None:
    """Have the workers warm before the first job needs them.

    Raises:
        WorkspaceError: The workspace cannot be written.
    """
    queue.ensure_dispatcher(settings())
