"""The files that were not taken in, with the reason for each."""

from collections.abc import Sequence

import streamlit as st

from core.catalog.items import Refusal, clear_refusals
from pages.shared import frame, words
from pages.shared.workspace import database


def draw(project_id: str, refusals: Sequence[Refusal]) -> None:
    """Draw the table and the button that clears it."""
    st.markdown(f"{words.count(len(refusals), 'file was', 'files were')} not taken in; all others were.")
    st.dataframe(
        {
            "File": [refusal.name for refusal in refusals],
            "Why": [refusal.reason for refusal in refusals],
            "When": [words.ago(refusal.at) for refusal in refusals],
        },
        hide_index=True,
        column_config={"Why": st.column_config.TextColumn(width="large")},
        alt="Files that were not taken in, with the reason for each",
    )
    if st.button("Clear this list", icon=":material/done_all:"):
        frame.act(lambda: clear_refusals(database(), project_id), "The list was cleared.")
