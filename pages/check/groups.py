"""Groups that file names suggest: shown with examples, and taken in one click."""

from collections.abc import Mapping

import streamlit as st

from core.catalog.edits import group_items
from core.catalog.items import Item
from core.checks.group_proposals import GroupProposal, propose_groups
from pages.shared import frame, words
from pages.shared.workspace import database

SHOWN = 3


def draw(project_id: str, items: Mapping[str, Item]) -> None:
    """Draw the proposals, unless images have groups already."""
    if any(item.group for item in items.values()):
        return
    names = [item.name for item in items.values()]
    proposals = propose_groups(names, [item.label or "" for item in items.values()])[:SHOWN]
    if not proposals:
        return
    with st.container(border=True):
        st.subheader("Do some images belong together?", anchor=False, help="The field's term: grouped split.")
        st.markdown(
            "The file names look as if several images show one thing, such as one slide, patient or day. If so, the "
            "test is honest only if they stay in one split."
        )
        for number, proposal in enumerate(proposals):
            _draw_proposal(project_id, list(items), proposal, number)


def _draw_proposal(project_id: str, items: list[str], proposal: GroupProposal, number: int) -> None:
    shown = "; ".join(
        f"**{words.escape_markdown(group)}**: {', '.join(words.escape_markdown(name) for name in names)}"
        for group, names in proposal.examples
    )
    counts = f"{words.count(proposal.n_groups, 'group')} of {words.count(proposal.n_images, 'image')}"
    st.markdown(f"{counts}, such as {shown}")
    if st.button(f"Keep these {words.count(proposal.n_groups, 'group')} together", key=f"group-{number}"):
        groups = {item: group for item, group in zip(items, proposal.groups, strict=True) if group}
        frame.run_action(
            lambda: group_items(database(), project_id, groups, f"{words.count(proposal.n_groups, 'group')} made"),
            "Grouped. Split again on the Images page, and check again, to apply it.",
        )
