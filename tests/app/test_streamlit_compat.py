"""Streamlit's private interfaces are still what `pages/compat.py` takes them for."""

import inspect
from types import SimpleNamespace

from streamlit.navigation.page import Page
from streamlit.runtime import uploaded_file_manager
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager

from pages import compat


def test_pages_are_discovered_only_if_a_class_attribute_says_so():
    source = inspect.getsource(PagesManager)
    assert "uses_pages_directory: bool | None" in source
    compat.disable_page_discovery()
    assert PagesManager.uses_pages_directory is False


def test_uploaded_files_are_removed_from_memory(monkeypatch):
    manager = MemoryUploadedFileManager("/upload")
    record = uploaded_file_manager.UploadedFileRec("file", "a.png", "image/png", b"123")
    manager.add_file("session", record)
    monkeypatch.setattr(
        compat, "get_script_run_ctx", lambda: SimpleNamespace(uploaded_file_mgr=manager, session_id="session")
    )
    compat.forget_uploads([compat.UploadedFile(record, SimpleNamespace())])
    assert manager.get_files("session", ["file"]) == []


def test_a_page_can_be_run():
    assert callable(Page.run)
