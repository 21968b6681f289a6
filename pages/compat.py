"""What Graft uses of Streamlit beyond its public interface.

Each entry names the public alternative that was tried with Streamlit 1.67. `tests/app/test_streamlit_compat.py` fails
when an update changes one of them.
"""

from collections.abc import Sequence

from streamlit import runtime
from streamlit.navigation.page import Page
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

__all__ = [
    "Page",
    "UploadedFile",
    "add_upload",
    "disable_page_discovery",
    "forget_uploads",
    "is_open_tab",
    "tab_id",
]


def disable_page_discovery() -> None:
    """Keep Streamlit from making a page of each file in the folder `pages` before `st.navigation` first runs.

    The first link after a start would otherwise be answered with "Page not found". Tried:
    `client.showSidebarNavigation = false` hides these pages but still serves them.
    """
    PagesManager.uses_pages_directory = False


def tab_id() -> str | None:
    """The session of the tab for which the script runs; None outside one.

    Tried: `st.context` has cookies and headers, which all tabs of a browser share.
    """
    context = get_script_run_ctx()
    return None if context is None else context.session_id


def is_open_tab(tab_id: str) -> bool:
    """Whether a tab is connected; there is no public interface to sessions."""
    return runtime.exists() and runtime.get_instance().is_active_session(tab_id)


def add_upload(tab_id: str, file_id: str, name: str, media_type: str) -> None:
    """Tell the upload widget of a tab that a file has come, without its bytes.

    Tried: the route for uploads is reserved for Streamlit, which reads every file into memory.
    """
    manager = runtime.get_instance().uploaded_file_mgr
    assert isinstance(manager, MemoryUploadedFileManager)
    manager.add_file(tab_id, UploadedFileRec(file_id, name, media_type, b""))


def forget_uploads(files: Sequence[UploadedFile]) -> None:
    """Remove uploaded files from the memory of the web process.

    Tried: a widget with another key is empty, but Streamlit keeps the bytes until the tab is closed.
    """
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in files:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
