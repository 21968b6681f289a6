"""Groups that file names, folders and cameras suggest: shown with examples, and taken in one click."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.catalog.edits import group_items
from core.catalog.items import Item
from core.checks.group_proposals import By, GroupProposal, propose_groups
from pages.shared import frame, words
from pages.shared.workspace import database

SHOWN = 5
REASONS: Final[dict[By, str]] = {
    "name": "By the beginning of the file name",
    "folder": "By folder",
    "time": "By time, photographs less than 30 minutes apart",
    "camera": "By camera",
}


def draw(project_id: str, items: Mapping[str, Item]) -> None:
    """Draw the proposals, unless images have groups already."""
    if any(item.group for item in items.values()):
        return
    rows = list(items.values())
    proposals = propose_groups(
        [item.name for item in rows],
        [item.label or "" for item in rows],
        [item.captured_at for item in rows],
        [item.camera for item in rows],
    )[:SHOWN]
    if not proposals:
        return
    with st.container(border=True):
        st.subheader("Do some images belong together?", anchor=False, help="The field's term: grouped split.")
        st.markdown(
            "Several images may show one thing, such as one slide, patient or visit. If so, the test is honest only if "
            "they stay in one split."
        )
        for number, proposal in enumerate(proposals):
            _draw_proposal(project_id, list(items), proposal, number)


def _draw_proposal(project_id: str, items: list[str], proposal: GroupProposal, number: int) -> None:
    shown = "; ".join(
        f"**{words.escape_markdown(group)}**: {', '.join(words.escape_markdown(name) for name in names)}"
        for group, names in proposal.examples
    )
    counts = f"{words.count(proposal.n_groups, 'group')} of {words.count(proposal.n_images, 'image')}"
    st.markdown(f"{REASONS[proposal.by]}: {counts}, such as {shown}")
    if st.button(f"Keep these {words.count(proposal.n_groups, 'group')} together", key=f"group-{number}"):
        groups = {item: group for item, group in zip(items, proposal.groups, strict=True) if group}
        frame.run_action(
            lambda: group_items(database(), project_id, groups, f"{words.count(proposal.n_groups, 'group')} made"),
            "Grouped. Split again on the Images page, and check again, to apply it.",
        )
