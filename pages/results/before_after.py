"""Before and after: two runs on the same test images, and whether the difference is real."""

from collections.abc import Collection, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.catalog.runs import Run
from core.evaluation.metrics.mcnemar import compare
from pages.results import result_images
from pages.results.retrain import changes_since, in_words
from pages.shared import words
from pages.shared.run_results import Results, has_results, read_results


def draw(runs: Sequence[Run], run: Run, results: Results) -> None:
    """Draw the comparison with the run before it that had the same recipe, on other images; nothing without one."""
    earlier = [one for one in runs if one.recipe == run.recipe and one.job.created_at < run.job.created_at]
    before = next((one for one in earlier if has_results(one.id)), None)
    if before is None:
        return
    known = read_results(before.id)
    changes = changes_since(known.manifest, results.manifest)
    said = in_words(changes) if changes else "no image was changed"
    with st.container(border=True):
        st.markdown(
            f"**Before and after**: the same recipe as “{words.escape_markdown(before.name)}”; since then, {said}."
        )
        draw_pair(known, results, run.project_id, "before-after")


def draw_pair(before: Results, after: Results, project_id: str, key: str) -> None:
    """Draw what changed from one run to another, with the images that changed sides.

    Args:
        before: Of the first run.
        after: Of the second run.
        project_id: Their project.
        key: Of this comparison among others on the page.
    """
    paired = compare(before.test, after.test)
    if paired is None:
        st.caption("These runs have no test image in common that is labelled the same.")
        return
    points = round(100 * (paired.after - paired.before), 1) + 0.0  # never -0.0
    with st.grid(columns=3, min_column_width=140):
        st.metric("Before", words.percent(paired.before))
        st.metric(
            "After",
            words.percent(paired.after),
            delta=f"{points:+.1f} points",
            delta_color="normal" if points else "off",
            delta_arrow="auto" if points else "off",
        )
        st.metric("Is it real?", "yes" if paired.real else "may be chance", help="McNemar's test, at 5%")
    st.caption(words.escape_markdown(paired.in_words()))
    for title, digests in (("repaired", paired.repaired), ("broken", paired.broken)):
        if digests:
            with st.expander(f"{words.count(len(digests), 'image')} {title}"):
                shown = after.test.rows(_rows(after.test.digests, digests))
                result_images.draw(project_id, after.run_id, shown, f"{key}-{title}", changeable=False)


def _rows(digests: Sequence[str], wanted: Collection[str]) -> NDArray[np.int64]:
    return np.flatnonzero(np.isin(np.array(digests), list(wanted)))
