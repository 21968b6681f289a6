"""The splits: shares, seed, and drawing them again."""

import secrets
from collections.abc import Sequence

import streamlit as st

from core.catalog.items import Filter, count_items
from core.catalog.labels import Label
from core.errors import DatasetError
from core.jobs.queue import submit
from pages.images import split_groups
from pages.shared import frame, state, words
from pages.shared.draft import Draft
from pages.shared.workspace import database, settings

SEEDS = 10_000
WHOLE = 100  # per cent


def draw(project_id: str, labels: Sequence[Label]) -> None:
    """Draw what the splits are for, how many images each has, and the form that draws them again."""
    st.markdown(
        "The network learns from the **train** split, choices are made by the **validation** split, and the **test** "
        "split is kept for one honest look at the end. Each class is divided in the same shares (*stratified*)."
    )
    _draw_counts(labels)
    draft = state.draft(project_id)
    changed = _draw_choices(draft)
    state.save_draft(project_id, changed)
    fixed = count_items(database(), project_id, Filter(excluded=False, fixed=True))
    if fixed:
        st.caption(f"{words.count(fixed, 'image keeps', 'images keep')} the split that a folder or a person gave it.")
    split_groups.draw(project_id)
    with st.container(horizontal=True):
        if st.button("Draw the splits again", icon=":material/shuffle:", disabled=sum(changed.shares) != WHOLE):
            frame.run_action(lambda: _submit(project_id, changed))
        if st.button("Another seed", icon=":material/casino:", help="Chance falls differently with each seed."):
            frame.run_action(lambda: _choose_seed(project_id, changed))


def _draw_counts(labels: Sequence[Label]) -> None:
    totals = {split: sum(label.splits.get(split, 0) for label in labels) for split in ("train", "validation", "test")}
    everything = sum(totals.values())
    with st.grid(columns=3, min_column_width=96):
        for split, images in totals.items():
            share = f"{images / everything:.0%}" if everything else None
            st.metric(split.capitalize(), f"{images:,}", share, delta_color="off", delta_arrow="off", border=True)


def _draw_choices(draft: Draft) -> Draft:
    columns = st.columns(4, vertical_alignment="bottom")
    names = ("Train", "Validation", "Test")
    shares = tuple(
        int(column.number_input(f"{name} (%)", 0, 100, share, step=5, key=state.draft_key(f"share-{name}")))
        for column, name, share in zip(columns, names, draft.shares, strict=False)
    )
    seed = columns[3].number_input(
        "Seed", 0, 2**31 - 1, draft.split_seed, key=state.draft_key("split-seed"), help="The same seed, the same draw."
    )
    notice = st.empty()  # always there, so that what follows keeps its place
    if sum(shares) != WHOLE:
        notice.warning(f"The three shares add up to {sum(shares)}%; make them 100%.", icon=":material/warning:")
    return draft.model_copy(update={"shares": shares, "split_seed": int(seed)})


def _submit(project_id: str, draft: Draft) -> None:
    if sum(draft.shares) != WHOLE:
        raise DatasetError(f"The three shares add up to {sum(draft.shares)}%.", "Make them 100%.")
    submit(database(), settings(), project_id, "draw-splits", {"shares": list(draft.shares), "seed": draft.split_seed})


def _choose_seed(project_id: str, draft: Draft) -> None:
    state.save_draft(project_id, draft.model_copy(update={"split_seed": secrets.randbelow(SEEDS)}))
    state.reload_draft()
