"""The findings of the checks, each with its images and a repair in one click."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.catalog.edits import last_edit, undo_edit
from core.catalog.items import Item
from core.checks.findings import Finding, RepairOffer
from core.checks.registry import CHECKS
from core.checks.repairs import open_findings, repair
from core.checks.result import Action, Severity
from pages.components.gallery import Tile, show_gallery
from pages.components.image_viewer import show_image
from pages.shared import frame, words
from pages.shared.workspace import database

PAGE = 12
# Short labels for buttons; a longer title of a repair is drawn above them.
_VERBS: dict[Action, str] = {"exclude": "Set aside", "delete": "Delete", "relabel": "Move"}
_BADGES: dict[Severity, str] = {
    "serious": ":red-badge[serious]",
    "warning": ":orange-badge[look at it]",
    "info": ":blue-badge[good to know]",
}
_PLAIN = ("Set aside", "Set it aside", "Set them aside")


def draw(project_id: str, found: Sequence[Finding], items: Mapping[str, Item], split_comparison: str = "") -> None:
    """Draw a summary, the findings that are still open, the most serious first, and the checks without one.

    Args:
        project_id: Whose images.
        found: What the check found.
        items: The images that are not set aside, by id.
        split_comparison: One sentence on random and honest splits; empty where it is drawn elsewhere.
    """
    _draw_undo(project_id)
    issues = open_findings(found, items)
    _draw_summary(issues)
    measured = {one.check: len(one.items) for one in found}
    for finding in issues:
        with st.container(border=True):
            _draw_finding(project_id, finding, items, measured[finding.check])
    without = [one for one in found if one.check not in {issue.check for issue in issues}]
    with st.expander(f"{words.count(len(without), 'check')} without an open finding"):
        for finding in without:
            check, summary = CHECKS[finding.check], words.escape_markdown(finding.summary)
            solved = "Repaired. It was: " if finding.has_issue else ""
            st.markdown(f"**{check.title}** ({check.term}): {solved}{summary}")
        if split_comparison:
            st.markdown(f"**Random split or honest split** (data leakage): {words.escape_markdown(split_comparison)}")


def _draw_summary(issues: Sequence[Finding]) -> None:
    """Say how many findings are open, how many of them are serious, and which they are."""
    if not issues:
        st.success("No issue is open.", icon=":material/check_circle:")
        return
    serious = sum(one.severity == "serious" for one in issues)
    st.subheader(
        f"{words.count(len(issues), 'thing')} to look at{f', {serious} serious' if serious else ''}", anchor=False
    )
    st.markdown("\n".join(f"- {_BADGES[one.severity]} {CHECKS[one.check].title}" for one in issues))


@frame.fragment
def _draw_finding(project_id: str, finding: Finding, items: Mapping[str, Item], measured: int) -> None:
    check = CHECKS[finding.check]
    st.subheader(check.title, anchor=False, help=f"The field's term: {check.term}.")
    st.markdown(words.escape_markdown(finding.summary))
    present = list(finding.items)
    if len(present) < measured:
        st.caption(f"{words.count(len(present), 'image')} of {measured:,} left; the others are repaired.")
    if not present:
        return
    offered = set(finding.repair.items) if finding.repair and finding.repair.preselected else set()
    pictures = st.container()
    first = _page(finding.check, len(present))
    notes = _set_numbers(finding) | finding.notes
    shown = [_tile(items[item], notes.get(item, "")) for item in present[first : first + PAGE]]
    with pictures:
        answer = show_gallery(
            f"finding-{finding.check}-{first}",
            shown,
            f"Images found by the check “{check.title}”",
            chosen=offered,
            choosable=finding.repair is not None,
        )
    if answer.opened is not None and answer.opened in items:
        show_image(items[answer.opened])
    _draw_repair(project_id, finding, answer.chosen, {one.id for one in shown}, items)


def _set_numbers(finding: Finding) -> dict[str, str]:
    """The number of the set that each image belongs to."""
    sets = (number for number, images in enumerate(finding.sets, start=1) for _ in range(images))
    return {item: f"set {number}" for item, number in zip(finding.items, sets, strict=False)}


def _page(check: str, images: int) -> int:
    """Draw the page control, and return the index of the first image to show."""
    pages = -(-images // PAGE)
    return (st.pagination(pages, key=f"finding-page-{check}-{pages}") - 1) * PAGE if pages > 1 else 0


def _draw_repair(
    project_id: str, finding: Finding, chosen: frozenset[str] | None, shown: set[str], items: Mapping[str, Item]
) -> None:
    """Draw a button for the chosen images of this page, and one for all that the repair names."""
    offer = finding.repair
    if offer is None:
        return
    offered = {item for item in offer.items if item in items}
    preselected = offered if offer.preselected else set()
    on_page = (preselected if chosen is None else chosen) & shown
    if offer.action != "exclude":
        on_page &= offered
    verb = _VERBS[offer.action]
    if offer.title not in _PLAIN:
        st.markdown(f"**{offer.title}:**")
    with st.container(horizontal=True):
        title = f"{verb} {words.count(len(on_page), 'chosen image')}"
        if st.button(title, key=f"repair-{finding.check}", disabled=not on_page):
            _repair(project_id, offer, on_page)
        if (
            offer.action != "relabel"
            and len(offered) > 1
            and offered - on_page
            and st.button(f"{verb} all {len(offered):,}", key=f"repair-all-{finding.check}")
        ):
            _repair(project_id, offer, offered)


def _repair(project_id: str, offer: RepairOffer, chosen: set[str] | frozenset[str]) -> None:
    frame.run_action(
        lambda: repair(database(), project_id, offer, chosen),
        f"{words.count(len(chosen), 'image')} repaired. Undo is above.",
    )


def _draw_undo(project_id: str) -> None:
    edit = last_edit(database(), project_id)
    if edit is not None and st.button(f"Undo: {words.escape_markdown(edit.title)}", icon=":material/undo:"):
        frame.run_action(lambda: undo_edit(database(), project_id, edit.id), f"Undone: {edit.title}.")


def _tile(item: Item, note: str) -> Tile:
    lines = tuple(line for line in (item.label or "no class", note, item.split or "") if line)
    return Tile(item.id, item.digest, item.name, lines)
