"""The splits: their shares and seed, splitting again, and the groups that stay together."""

import secrets
from collections.abc import Sequence

import streamlit as st

from core.catalog import jobs
from core.catalog.items import Filter, count_items
from core.catalog.jobs import Job
from core.catalog.labels import Label
from core.errors import DatasetError
from core.jobs.queue import submit
from core.jobs.specs import IngestResult, IngestSpec, SplitDatasetResult, SplitDatasetSpec, SplitGroups
from pages.shared import frame, state, words
from pages.shared.draft import Draft
from pages.shared.workspace import database, settings

SEEDS = 10_000
WHOLE = 100  # per cent
_KINDS = {"copies": "copies of one picture", "burst": "frames of a burst", "scene": "one scene", "group": "a group"}
ROWS_SHOWN = 6
ROW_HEIGHT = 35


def draw(project_id: str, labels: Sequence[Label]) -> None:
    """Draw the explanation, the number of images in each split, and the form that splits again."""
    st.markdown(
        "The network learns from the **train** split, choices are made by the **validation** split, and the **test** "
        "split is reserved for one honest measurement at the end. Each class has the same shares (*stratified*)."
    )
    _show_counts(labels)
    draft = state.draft(project_id)
    changed = _show_choices(draft)
    state.save_draft(project_id, changed)
    fixed = count_items(database(), project_id, Filter(excluded=False, fixed=True))
    if fixed:
        st.caption(f"{words.count(fixed, 'image keeps', 'images keep')} the split that a folder or a person gave it.")
    _show_groups(project_id)
    with st.container(horizontal=True):
        if st.button("Split again", icon=":material/shuffle:", disabled=sum(changed.shares) != WHOLE):
            frame.run_action(lambda: _submit(project_id, changed))
        if st.button("Another seed", icon=":material/casino:", help="Another random split with the same shares."):
            frame.run_action(lambda: _choose_seed(project_id, changed))


def _show_counts(labels: Sequence[Label]) -> None:
    totals = {split: sum(label.splits.get(split, 0) for label in labels) for split in ("train", "validation", "test")}
    everything = sum(totals.values())
    with st.grid(columns=3, min_column_width=96):
        for split, images in totals.items():
            share = f"{images / everything:.0%}" if everything else None
            st.metric(split.capitalize(), f"{images:,}", share, delta_color="off", delta_arrow="off", border=True)


def _show_choices(draft: Draft) -> Draft:
    columns = st.columns(4, vertical_alignment="bottom")
    names = ("Train", "Validation", "Test")
    shares = tuple(
        int(column.number_input(f"{name} (%)", 0, 100, share, step=5, key=state.draft_key(f"share-{name}")))
        for column, name, share in zip(columns, names, draft.shares, strict=False)
    )
    seed = columns[3].number_input(
        "Seed",
        0,
        2**31 - 1,
        draft.split_seed,
        key=state.draft_key("split-seed"),
        help="The same seed, the same split.",
    )
    notice = st.empty()  # always shown, so that the widgets below keep their place
    if sum(shares) != WHOLE:
        notice.warning(f"The three shares add up to {sum(shares)}%; make them 100%.", icon=":material/warning:")
    return draft.model_copy(update={"shares": shares, "split_seed": int(seed)})


def _submit(project_id: str, draft: Draft) -> None:
    if sum(draft.shares) != WHOLE:
        raise DatasetError(f"The three shares add up to {sum(draft.shares)}%.", "Make them 100%.")
    train, validation, test = draft.shares
    spec = SplitDatasetSpec(shares=(train, validation, test), seed=draft.split_seed)
    submit(database(), settings(), project_id, spec)


def _choose_seed(project_id: str, draft: Draft) -> None:
    state.save_draft(project_id, draft.model_copy(update={"split_seed": secrets.randbelow(SEEDS)}))
    state.reload_draft()


def _show_groups(project_id: str) -> None:
    """Show the groups of the last split, the largest first; nothing if there are none."""
    job = _last_split(project_id)
    groups = _split_groups(job) if job is not None else None
    if job is None or groups is None:
        return
    sets = groups.largest
    st.markdown(
        f"**Kept together:** {words.count(groups.images, 'image')} in {words.count(groups.groups, 'set')} of copies, "
        f"bursts or groups, so that no split holds what another has seen. The largest has {sets[0].images:,} images."
    )
    st.dataframe(
        {
            "Set": [words.file_name(one.name) for one in sets],
            "Why": [", ".join(_KINDS.get(kind, kind) for kind in one.kinds) for one in sets],
            "Images": [one.images for one in sets],
            "Split": [" and ".join(one.splits) for one in sets],
        },
        hide_index=True,
        height=ROW_HEIGHT * (1 + min(len(sets), ROWS_SHOWN)) + 3,
        alt="Sets of images that stay together, how many images each has, and the split that it is in",
    )
    more = f"The {len(sets)} largest are listed. " if groups.groups > len(sets) else ""
    st.caption(f"{more}Split {words.ago(job.ended_at or job.created_at)}.")


def _last_split(project_id: str) -> Job | None:
    """The latest job that drew splits; one that only guessed classes drew none."""
    kinds = (SplitDatasetSpec, IngestSpec)
    ended = jobs.list_jobs(database(), project_id=project_id, kinds=kinds, status=("finished",))
    return next((job for job in reversed(ended) if not getattr(job.result, "guess", None)), None)


def _split_groups(job: Job) -> SplitGroups | None:
    result = job.result
    return result.split_groups if isinstance(result, IngestResult | SplitDatasetResult) else None
