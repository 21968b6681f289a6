"""What Graft uses of Streamlit beyond its public interface.

Each entry names the public alternative that was tried with Streamlit 1.67. `tests/app/test_compat.py` fails when an
update changes one of them.
"""

from collections.abc import Sequence

from streamlit.navigation.page import Page
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

__all__ = ["Page", "UploadedFile", "disable_page_discovery", "forget_uploads"]


def disable_page_discovery() -> None:
    """Keep Streamlit from making a page of each file in the folder `pages` before `st.navigation` first runs.

    The first link after a start would otherwise be answered with "Page not found". Tried:
    `client.showSidebarNavigation = false` hides these pages but still serves them.
    """
    PagesManager.uses_pages_directory = False


def forget_uploads(files: Sequence[UploadedFile]) -> None:
    """Remove uploaded files from the memory of the web process.

    Tried: a widget with another key is empty, but Streamlit keeps the bytes until the tab is closed.
    """
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in files:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
