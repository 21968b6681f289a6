"""Pages without a browser: Streamlit's own test runner, in this process, without workers."""

from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.catalog.database import Database
from core.jobs import queue
from core.settings import Settings
from pages.shared.steps import Step

ROOT = Path(__file__).parents[2]
RUN_SECONDS = 60


@pytest.fixture
def database(settings: Settings) -> Database:
    """The catalog of the test's workspace."""
    return Database(settings)


@pytest.fixture
def open_page(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open a page as a fresh tab does, with the parameters of its link."""
    monkeypatch.setenv("GRAFT_WORKSPACE", str(settings.workspace))
    monkeypatch.delenv("GRAFT_DATABASE_URL", raising=False)
    monkeypatch.setattr(queue, "ensure_dispatcher", lambda _settings: None)
    st.cache_resource.clear()
    st.cache_data.clear()

    def open_step(step: Step, **parameters: str) -> AppTest:
        tab = AppTest.from_file(ROOT / "app.py", default_timeout=RUN_SECONDS).run()
        for name, value in parameters.items():
            tab.query_params[name] = value
        return tab.switch_page(step.file).run()

    return open_step
