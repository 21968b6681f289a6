"""The frame around every page: navigation, the sidebar, and the one place that turns an error into a sentence."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from pathlib import Path
from typing import Literal, ParamSpec

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core.catalog.jobs import list_jobs
from core.catalog.projects import Project, get_project
from core.errors import ConflictError, GraftError, NotFoundError
from core.jobs.specs import IngestSpec, PredictFilesSpec, SplitDatasetSpec, TrainSpec
from pages import compat
from pages.shared import state, words, workspace
from pages.shared.steps import HOME, IMAGES, PROJECT_STEPS, STEPS, TRAIN, USE, Step

P = ParamSpec("P")
_ASSETS = Path(__file__).parents[2] / "assets"
_LOGO, _STYLE = _ASSETS / "logo.svg", _ASSETS / "readable.css"
_STEP_OF_JOB = {
    TrainSpec.kind_name(): TRAIN,
    IngestSpec.kind_name(): IMAGES,
    SplitDatasetSpec.kind_name(): IMAGES,
    PredictFilesSpec.kind_name(): USE,
}


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Prepare the server before its first request."""
    compat.disable_page_discovery()
    yield


def pages() -> list[compat.Page]:
    """Give all pages, for `st.navigation`."""
    return [
        st.Page(step.file, title=step.title, icon=step.icon, url_path=step.url_path, default=step is HOME)
        for step in STEPS
    ]


def run(page: compat.Page) -> None:
    """Show the sidebar and run a page."""
    with show_errors():
        st.html(_STYLE)
        _show_sidebar()
        _show_notices()
        page.run()
        if state.draft_is_stale():
            state.reload_draft()
            st.rerun()
        workspace.start_workers()


def project() -> Project:
    """Give the project that the link names; without one, say what to do and stop the page.

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
    """Show a link to another step of the project."""
    project_id = None if step is HOME else state.project_id()
    st.page_link(
        step.file, label=label, icon=icon, query_params=state.link_parameters(project_id, run_id or state.run_id())
    )


def go_to(step: Step, *, project_id: str | None = None, run_id: str | None = None) -> None:
    """Go to another step, of this project unless another one is named."""
    chosen = None if step is HOME else project_id or state.project_id()
    st.switch_page(step.file, query_params=state.link_parameters(chosen, run_id))


def run_action(action: Callable[[], object], success: str = "") -> None:
    """Do what a button asks for and rerun the page; an error is shown where the button is.

    Args:
        action: Changes something.
        success: Sentence to show when it succeeded; empty for none.
    """
    with show_errors():
        action()
        if success:
            state.notify(success)
        st.rerun()


def auto_refresh(seconds: Callable[P, float | None]) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Make a fragment that reruns by itself and shows its errors as sentences.

    Args:
        seconds: Gives the interval from the fragment's arguments; None for no reruns.
    """

    def decorate(body: Callable[P, None]) -> Callable[P, None]:
        @wraps(body)
        def in_fragment(*args: P.args, **kwargs: P.kwargs) -> None:
            with show_errors():
                body(*args, **kwargs)

        @wraps(body)
        def mount(*args: P.args, **kwargs: P.kwargs) -> None:
            st.fragment(in_fragment, run_every=seconds(*args, **kwargs))(*args, **kwargs)

        return mount

    return decorate


def fragment(body: Callable[P, None]) -> Callable[P, None]:
    """Make a fragment, which reruns alone when something in it is used, and shows its errors as sentences."""
    return auto_refresh(lambda *_args, **_kwargs: None)(body)


def rerun() -> None:
    """Rerun the fragment that is running, or the page if all of it is running."""
    try:
        st.rerun(scope="fragment")
    except StreamlitAPIException:  # no fragment runs alone
        st.rerun()


def dialog(
    title: str,
    width: Literal["small", "medium", "large"] = "small",
    on_dismiss: Literal["ignore", "rerun"] = "ignore",
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Make a dialog that shows its errors as sentences.

    Args:
        title: Its title.
        width: Its width.
        on_dismiss: Whether the page reruns when a person closes it.
    """

    def decorate(body: Callable[P, None]) -> Callable[P, None]:
        @st.dialog(title, width=width, on_dismiss=on_dismiss)
        @wraps(body)
        def open_dialog(*args: P.args, **kwargs: P.kwargs) -> None:
            with show_errors():
                body(*args, **kwargs)

        return open_dialog

    return decorate


@contextmanager
def show_errors() -> Iterator[None]:
    """Show an error of Graft as a sentence that says what to do next."""
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


def _show_notices() -> None:
    for notice in state.pop_notices():
        text = words.escape_markdown(notice.text)
        if notice.kind == "done":
            st.toast(text, icon=":material/check:")
        elif notice.kind == "warning":
            st.warning(text, icon=":material/warning:")
        else:
            st.error(text, icon=":material/error:")
