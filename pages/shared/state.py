"""What a tab remembers: the only reader and writer of the session's state and of the link's parameters.

The project, the run and the tried pictures stand in the link, so that a reload brings a person back. The draft
lies in the catalog; a tab holds it as it last saw it, with the revision, and so notices that another tab changed it.
Everything else here is a matter of looking (a page of the gallery, a selection) and may be forgotten.
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
    """A sentence for the next time the page is drawn.

    Attributes:
        kind: What it is about.
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
    """The folders of tried pictures that the link names."""
    return st.query_params.get_all(TRIED)


def set_prediction_folders(folders: list[str]) -> None:
    """Put the folders of tried pictures into the link, so that a reload brings them back."""
    if not folders:
        st.query_params.pop(TRIED, None)
    elif folders != prediction_folders():
        st.query_params[TRIED] = folders


def link_parameters(project: str | None, run: str | None = None) -> dict[str, str]:
    """The parameters of a link to a project and a run."""
    return {name: value for name, value in ((PROJECT, project), (RUN, run)) if value}


def draft(project: str) -> Draft:
    """The draft of a project as this tab sees it.

    Raises:
        NotFoundError: There is no such project.
    """
    return _loaded_draft(project).draft


def save_draft(project: str, changed: Draft) -> None:
    """Keep a draft that was changed in this tab.

    Raises:
        ConflictError: Another tab changed it since this tab saw it.
        NotFoundError: There is no such project.
    """
    seen = _loaded_draft(project)
    if changed != seen.draft:
        revision = projects.save_draft(database(), project, dump_draft(changed), seen.revision)
        st.session_state[_DRAFT] = _LoadedDraft(project, changed, revision)


def reload_draft() -> None:
    """Have the draft read anew, and the widgets that show it drawn anew."""
    st.session_state.pop(_DRAFT, None)


def draft_is_stale() -> bool:
    """Whether another tab has changed the draft since this tab saw it."""
    seen = cast(_LoadedDraft | None, st.session_state.get(_DRAFT))
    if seen is None or seen.project_id != project_id():
        return False
    return projects.load_draft(database(), seen.project_id)[1] != seen.revision


def draft_key(name: str) -> str:
    """The key of a widget that shows a choice of the draft: another one whenever the draft was read anew."""
    return f"draft-{st.session_state.get(_DRAFTS_LOADED, 0)}-{name}"


def notify(text: str, kind: Literal["done", "warning", "error"] = "done") -> None:
    """Have a sentence shown the next time the page is drawn."""
    st.session_state.setdefault(_NOTICES, []).append(Notice(kind, text))


def notify_error(error: GraftError) -> None:
    """Have an error shown the next time the page is drawn."""
    notify(str(error), "error")


def pop_notices() -> list[Notice]:
    """The sentences to show now; each is given once."""
    return cast(list[Notice], st.session_state.pop(_NOTICES, []))


def get(name: str, default: T) -> T:
    """What was remembered under a name, as long as the tab is open."""
    return cast(T, st.session_state.get(f"graft-{name}", default))


def set(name: str, value: object) -> None:
    """Remember something under a name, as long as the tab is open."""
    st.session_state[f"graft-{name}"] = value


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
