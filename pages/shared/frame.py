"""The frame around every page: navigation, the sidebar, and the one place where an error becomes a sentence."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from pathlib import Path
from typing import Literal, ParamSpec

import streamlit as st
from streamlit.navigation.page import Page
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.catalog.jobs import list_jobs
from core.catalog.projects import Project, get_project
from core.errors import ConflictError, GraftError, NotFoundError
from core.jobs.specs import IngestSpec, SplitDatasetSpec, TrainSpec
from pages.shared import state, words, workspace
from pages.shared.steps import HOME, IMAGES, PROJECT_STEPS, STEPS, TRAIN, Step

P = ParamSpec("P")
_ASSETS = Path(__file__).parents[2] / "assets"
_LOGO, _STYLE = _ASSETS / "logo.svg", _ASSETS / "readable.css"
_STEP_OF_JOB = {
    TrainSpec.kind_name(): TRAIN,
    IngestSpec.kind_name(): IMAGES,
    SplitDatasetSpec.kind_name(): IMAGES,
}


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """What is done once, when the server starts.

    Beside a folder `pages`, Streamlit makes pages of its files until `st.navigation` was called for the first time: the
    first link after a start would be answered with "Page not found".
    """
    PagesManager.uses_pages_directory = False
    yield


def pages() -> list[Page]:
    """All pages, for `st.navigation`."""
    return [
        st.Page(step.file, title=step.title, icon=step.icon, url_path=step.url_path, default=step is HOME)
        for step in STEPS
    ]


def run(page: Page) -> None:
    """Draw the sidebar and a page."""
    with show_errors():
        st.html(_STYLE)
        _show_sidebar()
        _show_notes()
        page.run()
        if state.draft_is_stale():
            state.reload_draft()
            st.rerun()
        workspace.start_workers()


def project() -> Project:
    """The project that the link names; without one, a person reads what to do, and the page ends.

    Raises:
        NotFoundError: There is no such project.
    """
    chosen = state.project_id()
    if chosen is None:
        st.info("No project is open. Open one on the Home page, or create one there.", icon=":material/info:")
        step_link(HOME, "To the Home page", icon=HOME.icon)
        st.stop()
    return get_project(workspace.database(), chosen)


def step_link(step: Step, label: str | None = None, *, run_id: str | None = None, icon: str | None = None) -> None:
    """Draw a link to another step of the project."""
    st.page_link(
        step.file,
        label=label,
        icon=icon,
        query_params=state.link_parameters(_project_for(step), run_id or state.run_id()),
    )


def go_to(step: Step, *, project_id: str | None = None, run_id: str | None = None) -> None:
    """Go to another step, of this project unless another one is named."""
    st.switch_page(step.file, query_params=state.link_parameters(project_id or state.project_id(), run_id))


def run_action(work: Callable[[], object], done: str = "") -> None:
    """Do what a button asks for, and draw the page anew; what goes wrong is said where the button is.

    Args:
        work: Changes something.
        done: What to say when it went well; empty for nothing.
    """
    with show_errors():
        work()
        if done:
            state.notify(done)
        st.rerun()


def auto_refresh(seconds: Callable[P, float | None]) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Make a part of a page that draws itself anew, as often as a function of its arguments says; None for not at all.

    An error in it becomes a sentence, as everywhere.
    """

    def decorate(draw: Callable[P, None]) -> Callable[P, None]:
        @wraps(draw)
        def in_fragment(*args: P.args, **kwargs: P.kwargs) -> None:
            with show_errors():
                draw(*args, **kwargs)

        @wraps(draw)
        def mount(*args: P.args, **kwargs: P.kwargs) -> None:
            st.fragment(in_fragment, run_every=seconds(*args, **kwargs))(*args, **kwargs)

        return mount

    return decorate


def fragment(draw: Callable[P, None]) -> Callable[P, None]:
    """Make a part of a page that is drawn anew alone when something in it is used."""
    return auto_refresh(lambda *_args, **_kwargs: None)(draw)


def rerun() -> None:
    """Draw the part of the page that is being drawn anew, or the whole page where all of it is being drawn."""
    context = get_script_run_ctx()
    st.rerun(scope="fragment" if context is not None and context.fragment_ids_this_run else "app")


def dialog(
    title: str, width: Literal["small", "medium", "large"] = "small"
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Make a dialog in which an error becomes a sentence, as everywhere."""

    def decorate(draw: Callable[P, None]) -> Callable[P, None]:
        @st.dialog(title, width=width)
        @wraps(draw)
        def open_dialog(*args: P.args, **kwargs: P.kwargs) -> None:
            with show_errors():
                draw(*args, **kwargs)

        return open_dialog

    return decorate


@contextmanager
def show_errors() -> Iterator[None]:
    """Show an error of Graft as a sentence and what to do next."""
    try:
        yield
    except ConflictError as error:
        state.reload_draft()
        state.notify_error(error)
        st.rerun()
    except GraftError as error:
        st.error(words.escape_markdown(str(error)), icon=":material/error:")
        if isinstance(error, NotFoundError):
            st.page_link(HOME.file, label="To the Home page", icon=HOME.icon)


def _show_sidebar() -> None:
    st.logo(_LOGO, size="large")
    with st.sidebar:
        st.page_link(HOME.file, label=HOME.title, icon=HOME.icon)
        chosen = state.project_id()
        if chosen is None:
            return
        name = get_project(workspace.database(), chosen).name
        st.subheader(words.escape_markdown(name), divider="gray")
        busy = _busy_steps(chosen)
        for step in PROJECT_STEPS:
            step_link(step, step.title, icon="spinner" if step in busy else step.icon)


def _busy_steps(project_id: str) -> set[Step]:
    running = list_jobs(workspace.database(), project_id=project_id, status=("queued", "running"))
    return {_STEP_OF_JOB[job.kind] for job in running if job.kind in _STEP_OF_JOB}


def _show_notes() -> None:
    for note in state.pop_notices():
        if note.kind == "done":
            st.toast(words.escape_markdown(note.text), icon=":material/check:")
        elif note.kind == "warning":
            st.warning(words.escape_markdown(note.text), icon=":material/warning:")
        else:
            st.error(words.escape_markdown(note.text), icon=":material/error:")


def _project_for(step: Step) -> str | None:
    return None if step is HOME else state.project_id()
