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
_DRAFTS_SEEN = "graft-drafts-seen"
_NOTES = "graft-notes"


@dataclass(frozen=True)
class Note:
    """A sentence for the next time the page is drawn.

    Attributes:
        kind: What it is about.
        text: The sentence.
    """

    kind: Literal["done", "warning", "error"]
    text: str


@dataclass(frozen=True)
class _SeenDraft:
    project_id: str
    draft: Draft
    revision: int


def project_id() -> str | None:
    """The project that the link names."""
    return st.query_params.get(PROJECT)


def run_id() -> str | None:
    """The run that the link names."""
    return st.query_params.get(RUN)


def choose_run(chosen: str | None) -> None:
    """Put a run into the link, or take it out."""
    if chosen is None:
        st.query_params.pop(RUN, None)
    else:
        st.query_params[RUN] = chosen


def tried() -> list[str]:
    """The folders of tried pictures that the link names."""
    return st.query_params.get_all(TRIED)


def name_tried(folders: list[str]) -> None:
    """Put the folders of tried pictures into the link, so that a reload brings them back."""
    if not folders:
        st.query_params.pop(TRIED, None)
    elif folders != tried():
        st.query_params[TRIED] = folders


def link_to(project: str | None, run: str | None = None) -> dict[str, str]:
    """The parameters of a link to a project and a run."""
    return {name: value for name, value in ((PROJECT, project), (RUN, run)) if value}


def draft(project: str) -> Draft:
    """The draft of a project as this tab sees it.

    Raises:
        NotFoundError: There is no such project.
    """
    return _seen(project).draft


def keep_draft(project: str, changed: Draft) -> None:
    """Keep a draft that was changed in this tab.

    Raises:
        ConflictError: Another tab changed it since this tab saw it.
        NotFoundError: There is no such project.
    """
    seen = _seen(project)
    if changed != seen.draft:
        revision = projects.save_draft(database(), project, dump_draft(changed), seen.revision)
        st.session_state[_DRAFT] = _SeenDraft(project, changed, revision)


def forget_draft() -> None:
    """Have the draft read anew, and the widgets that show it drawn anew."""
    st.session_state.pop(_DRAFT, None)


def draft_is_old() -> bool:
    """Whether another tab has changed the draft since this tab saw it."""
    seen = cast(_SeenDraft | None, st.session_state.get(_DRAFT))
    if seen is None or seen.project_id != project_id():
        return False
    return projects.load_draft(database(), seen.project_id)[1] != seen.revision


def draft_key(name: str) -> str:
    """The key of a widget that shows a choice of the draft: another one whenever the draft was read anew."""
    return f"draft-{st.session_state.get(_DRAFTS_SEEN, 0)}-{name}"


def say(text: str, kind: Literal["done", "warning", "error"] = "done") -> None:
    """Have a sentence shown the next time the page is drawn."""
    st.session_state.setdefault(_NOTES, []).append(Note(kind, text))


def say_error(error: GraftError) -> None:
    """Have an error shown the next time the page is drawn."""
    say(str(error), "error")


def take_notes() -> list[Note]:
    """The sentences to show now; each is given once."""
    return cast(list[Note], st.session_state.pop(_NOTES, []))


def recall(name: str, default: T) -> T:
    """What was remembered under a name, as long as the tab is open."""
    return cast(T, st.session_state.get(f"graft-{name}", default))


def remember(name: str, value: object) -> None:
    """Remember something under a name, as long as the tab is open."""
    st.session_state[f"graft-{name}"] = value


def _seen(project: str) -> _SeenDraft:
    seen = cast(_SeenDraft | None, st.session_state.get(_DRAFT))
    if seen is not None and seen.project_id == project:
        return seen
    text, revision = projects.load_draft(database(), project)
    try:
        read = load_draft(text)
    except RecipeError as error:
        say(str(error), "warning")
        read = Draft()
    seen = _SeenDraft(project, read, revision)
    st.session_state[_DRAFT] = seen
    st.session_state[_DRAFTS_SEEN] = st.session_state.get(_DRAFTS_SEEN, 0) + 1
    return seen
