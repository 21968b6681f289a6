"""Which images stay together in one split, as the splits were drawn last."""

import streamlit as st

from core.catalog import jobs
from core.catalog.jobs import Job
from pages.shared import words
from pages.shared.workspace import database

_DRAWERS = ("draw-splits", "take-in")
_KINDS = {"copies": "copies of one picture", "burst": "frames of a burst", "group": "a group"}
ROWS_SHOWN = 6
ROW_HEIGHT = 35


def draw(project_id: str) -> None:
    """Draw how many sets there are, the largest first, and where each went; nothing where every image stands alone."""
    job = _last_draw(project_id)
    kept = (job.result or {}).get("kept") if job else None
    if job is None or not kept:
        return
    sets = kept["largest"]
    st.markdown(
        f"**Kept together:** {words.count(kept['images'], 'image')} in {words.count(kept['sets'], 'set')} of copies, "
        f"bursts or groups, so that no split holds what another has seen. The largest has {sets[0]['images']:,} images."
    )
    st.dataframe(
        {
            "Set": [words.file_name(one["name"]) for one in sets],
            "Why": [", ".join(_KINDS.get(kind, kind) for kind in one["kinds"]) for one in sets],
            "Images": [one["images"] for one in sets],
            "Split": [" and ".join(one["splits"]) for one in sets],
        },
        hide_index=True,
        height=ROW_HEIGHT * (1 + min(len(sets), ROWS_SHOWN)) + 3,
        alt="Sets of images that stay together, how many images each has, and the split that it is in",
    )
    more = f"The {len(sets)} largest are listed. " if kept["sets"] > len(sets) else ""
    st.caption(f"{more}As the splits were drawn {words.ago(job.ended_at or job.created_at)}.")


def _last_draw(project_id: str) -> Job | None:
    """The latest job that drew splits; one that only guessed classes drew none."""
    ended = jobs.list_jobs(database(), project_id=project_id, status=("finished",))
    drew = (job for job in reversed(ended) if job.kind in _DRAWERS and not (job.result or {}).get("guess"))
    return next(drew, None)
