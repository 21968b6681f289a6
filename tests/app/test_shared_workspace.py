"""The workers' start, once the first page is drawn."""

import logging
import threading

import pytest
import streamlit as st

from core.errors import WorkspaceError
from core.jobs import queue
from core.settings import Settings
from pages.shared import workspace


def test_workers_that_cannot_be_started_are_told_in_the_log(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def refuse(_settings: Settings) -> None:
        raise WorkspaceError("No worker can be started.", "Free some space.")

    monkeypatch.setenv("GRAFT_WORKSPACE", str(settings.workspace))
    monkeypatch.setattr(queue, "ensure_dispatcher", refuse)
    monkeypatch.setattr(workspace, "PAGE_SECONDS", 0)
    st.cache_resource.clear()
    with caplog.at_level(logging.WARNING):
        workspace.start_workers()
        for timer in [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]:
            timer.join()
    assert "No worker can be started. Free some space." in caplog.messages
