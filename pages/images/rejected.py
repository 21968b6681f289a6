"""The files that were not taken in, with the reason for each."""

from collections.abc import Sequence

import streamlit as st

from core.catalog.items import Refusal, clear_refusals
from pages.shared import frame, words
from pages.shared.workspace import database

PAGE = 50


def draw(project_id: str, refusals: Sequence[Refusal]) -> None:
    """Draw the list and the button that clears it."""
    st.markdown(f"{words.count(len(refusals), 'file was', 'files were')} not taken in; all others were.")
    pages = -(-len(refusals) // PAGE)
    listed = st.container()
    page = st.pagination(pages, key=f"refused-page-{pages}") if pages > 1 else 1
    listed.markdown("\n".join(_line(refusal) for refusal in refusals[(page - 1) * PAGE : page * PAGE]))
    if st.button("Clear this list", icon=":material/done_all:"):
        frame.run_action(lambda: clear_refusals(database(), project_id), "The list was cleared.")


def _line(refusal: Refusal) -> str:
    return f"- **{words.escape_markdown(refusal.name)}**: {words.escape_markdown(refusal.reason)}"
