"""The state of a tab: the only reader and writer of the session state and of the link's parameters.

The project, the run and the folders of prediction inputs are in the link, so a reload restores them. The draft is in
the catalog; a tab holds a copy with its revision and so notices when another tab changed it. Everything else, such as
a selection in the gallery, may be lost.
"""

from dataclasses import dataclass
from typing import Literal, TypeVar, cast

import streamlit as st

from core.catalog import projects
from core.errors import GraftError, RecipeError
from pages.shared.draft import Draft, dump_draft, load_draft
from pages.shared.workspace import database

T = TypeVar("T")
PROJECT = "project"
RUN = "run"
TRIED = "tried"
_DRAFT = "graft-draft"
_DRAFTS_LOADED = "graft-drafts-loaded"
_NOTICES = "graft-notices"


@dataclass(frozen=True)
class Notice:
    """A sentence to show in the next run of the page.

    Attributes:
        kind: Decides how it is shown.
        text: The sentence.
    """

    kind: Literal["done", "warning", "error"]
    text: str


@dataclass(frozen=True)
class _LoadedDraft:
    project_id: str
    draft: Draft
    revision: int


def project_id() -> str | None:
    """The project that the link names."""
    return st.query_params.get(PROJECT)


def run_id() -> str | None:
    """The run that the link names."""
    return st.query_params.get(RUN)


def set_run_id(chosen: str | None) -> None:
    """Put a run into the link, or take it out."""
    if chosen is None:
        st.query_params.pop(RUN, None)
    else:
        st.query_params[RUN] = chosen


def prediction_folders() -> list[str]:
    """The folders of prediction inputs that the link names."""
    return st.query_params.get_all(TRIED)


def set_prediction_folders(folders: list[str]) -> None:
    """Put the folders of prediction inputs into the link, so that a reload restores them."""
    if not folders:
        st.query_params.pop(TRIED, None)
    elif folders != prediction_folders():
        st.query_params[TRIED] = folders


def link_parameters(project: str | None, run: str | None = None) -> dict[str, str]:
    """The parameters of a link to a project and a run."""
    return {name: value for name, value in ((PROJECT, project), (RUN, run)) if value}


def draft(project: str) -> Draft:
    """The draft of a project as this tab loaded it.

    Raises:
        NotFoundError: There is no such project.
    """
    return _loaded_draft(project).draft


def save_draft(project: str, changed: Draft) -> None:
    """Save a draft that was changed in this tab.

    Raises:
        ConflictError: Another tab changed it since this tab loaded it.
        NotFoundError: There is no such project.
    """
    seen = _loaded_draft(project)
    if changed != seen.draft:
        revision = projects.save_draft(database(), project, dump_draft(changed), seen.revision)
        st.session_state[_DRAFT] = _LoadedDraft(project, changed, revision)


def reload_draft() -> None:
    """Load the draft again, with new widgets for it."""
    st.session_state.pop(_DRAFT, None)


def draft_is_stale() -> bool:
    """Whether another tab changed the draft since this tab loaded it."""
    seen = cast(_LoadedDraft | None, st.session_state.get(_DRAFT))
    if seen is None or seen.project_id != project_id():
        return False
    return projects.load_draft(database(), seen.project_id)[1] != seen.revision


def draft_key(name: str) -> str:
    """The key of a widget that shows a choice of the draft; it changes when the draft is loaded again."""
    return f"draft-{st.session_state.get(_DRAFTS_LOADED, 0)}-{name}"


def notify(text: str, kind: Literal["done", "warning", "error"] = "done") -> None:
    """Show a sentence in the next run of the page."""
    st.session_state.setdefault(_NOTICES, []).append(Notice(kind, text))


def notify_error(error: GraftError) -> None:
    """Show an error in the next run of the page."""
    notify(str(error), "error")


def pop_notices() -> list[Notice]:
    """Give the sentences to show now, each once."""
    return cast(list[Notice], st.session_state.pop(_NOTICES, []))


def get(name: str, default: T) -> T:
    """Get a value that `set` stored in this tab."""
    return cast(T, st.session_state.get(f"graft-{name}", default))


def set(name: str, value: object) -> None:
    """Store a value under a name for as long as the tab is open."""
    st.session_state[f"graft-{name}"] = value


def set_widget(key: str, value: object, *, only_first: bool = False) -> None:
    """Set the value of a widget before it is drawn.

    Args:
        key: Key of the widget.
        value: Its value.
        only_first: Whether a widget that was on the page before keeps its value.
    """
    if not only_first or key not in st.session_state:
        st.session_state[key] = value


def _loaded_draft(project: str) -> _LoadedDraft:
    seen = cast(_LoadedDraft | None, st.session_state.get(_DRAFT))
    if seen is not None and seen.project_id == project:
        return seen
    text, revision = projects.load_draft(database(), project)
    try:
        read = load_draft(text)
    except RecipeError as error:
        notify(str(error), "warning")
        read = Draft()
    seen = _LoadedDraft(project, read, revision)
    st.session_state[_DRAFT] = seen
    st.session_state[_DRAFTS_LOADED] = st.session_state.get(_DRAFTS_LOADED, 0) + 1
    return seen
