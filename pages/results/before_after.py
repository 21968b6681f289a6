"""Repair and retrain: what changed since a run, training again, and the comparison of both runs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.catalog.projects import Project
from core.catalog.runs import Run
from core.dataset.manifest import Manifest
from core.evaluation.metrics.mcnemar import compare
from core.evaluation.rescoring import labels_of_test_split, rescore
from core.jobs.queue import submit_run
from core.training.recipe import load_recipe
from pages.results import predicted_images
from pages.shared import frame, words
from pages.shared.run_results import Results, current_manifest, has_results, read_results
from pages.shared.steps import TRAIN
from pages.shared.workspace import database, settings


@dataclass(frozen=True)
class Changes:
    """How two sets of images differ.

    Attributes:
        relabelled: Images with another class.
        gone: Images that were set aside or deleted.
        added: New images.
    """

    relabelled: int
    gone: int
    added: int

    def __bool__(self) -> bool:
        return bool(self.relabelled or self.gone or self.added)


def draw_retrain(project: Project, run: Run, results: Results) -> None:
    """Draw what changed since the run and the button that trains again; nothing if nothing changed."""
    changes = _compare(results.manifest, current_manifest(project.id, project.updated_at))
    if not changes:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Since this run:** {_describe(changes)}.", width="stretch")
        if st.button("Retrain with the fixes", type="primary", icon=":material/refresh:", help=_HELP):
            with frame.show_errors():
                name = f"{run.name.removesuffix(_SUFFIX)}{_SUFFIX}"
                frame.go_to(TRAIN, run_id=submit_run(database(), settings(), project.id, load_recipe(run.recipe), name))


_SUFFIX = ", with fixes"
_HELP = "The same recipe on the images as they are now. Afterwards, both runs are compared on the same test images."


def draw(runs: Sequence[Run], run: Run, results: Results) -> None:
    """Draw the comparison with the latest earlier run of the same recipe; nothing without one."""
    earlier = [one for one in runs if one.recipe == run.recipe and one.job.created_at < run.job.created_at]
    before = next((one for one in earlier if has_results(one.id)), None)
    if before is None:
        return
    earlier_results = read_results(before.id)
    changes = _compare(earlier_results.manifest, results.manifest)
    text = _describe(changes) if changes else "no image was changed"
    with st.container(border=True):
        st.markdown(
            f"**Before and after**: the same recipe as “{words.escape_markdown(before.name)}”; since then, {text}."
        )
        draw_pair(earlier_results, results, run.project_id, "before-after")


def draw_pair(before: Results, after: Results, project_id: str, key: str) -> None:
    """Draw the accuracy of two runs on the same test images, and the images that only one of them predicted correctly.

    Args:
        before: Of the first run.
        after: Of the second run.
        project_id: Their project.
        key: Distinguishes this comparison from others on the page.
    """
    paired = compare(before.test, after.test)
    rescored = rescore(before.test, labels_of_test_split(after.test))
    if rescored is not None and rescored.relabelled:
        st.caption(
            f"Between these runs {words.count(len(rescored.relabelled), 'test image')} got another class. The first "
            f"run has {words.percent(rescored.before)} on its own labels and {words.percent(rescored.after)} on the "
            f"new ones: {rescored.points:+.1f} points come from new labels. Below, these images are left out."
        )
    if paired is None:
        st.caption("These runs have no test image in common that is labelled the same.")
        return
    points = round(100 * (paired.after - paired.before), 1) + 0.0  # never -0.0
    with st.grid(columns=3, min_column_width=230):
        st.metric("Before", words.percent(paired.before))
        st.metric(
            "After",
            words.percent(paired.after),
            delta=f"{points:+.1f} points",
            delta_color="normal" if points else "off",
            delta_arrow="auto" if points else "off",
        )
        st.metric("Is it real?", "yes" if paired.significant else "may be chance", help="McNemar's test, at 5%")
    st.caption(words.escape_markdown(paired.describe()))
    for title, digests in (("repaired", paired.repaired), ("broken", paired.broken)):
        if digests:
            with st.expander(f"{words.count(len(digests), 'image')} {title}"):
                shown = after.test.rows(_rows(after.test.digests, digests))
                predicted_images.draw(project_id, after.run_id, shown, f"{key}-{title}", changeable=False)


def _rows(digests: Sequence[str], wanted: Collection[str]) -> NDArray[np.int64]:
    return np.flatnonzero(np.isin(np.array(digests), list(wanted)))


def _compare(before: Manifest, now: Manifest) -> Changes:
    """Count the images that differ. Splits are not compared: they are drawn, not repaired."""
    old, new = _labels(before), _labels(now)
    return Changes(
        relabelled=sum(1 for digest in old.keys() & new.keys() if old[digest] != new[digest]),
        gone=len(old.keys() - new.keys()),
        added=len(new.keys() - old.keys()),
    )


def _labels(manifest: Manifest) -> dict[str, frozenset[str]]:
    """The classes of each image; one picture may be in several."""
    found: dict[str, frozenset[str]] = {}
    for digest, label in zip(manifest.digests, manifest.labels.tolist(), strict=True):
        found[digest] = found.get(digest, frozenset()) | {manifest.classes[label]}
    return found


def _describe(changes: Changes) -> str:
    """Describe the changes: `2 images got another class, 1 image was set aside or deleted`."""
    parts = [
        (changes.relabelled, "got another class"),
        (changes.gone, "was set aside or deleted" if changes.gone == 1 else "were set aside or deleted"),
        (changes.added, "was added" if changes.added == 1 else "were added"),
    ]
    return ", ".join(f"{words.count(number, 'image')} {what}" for number, what in parts if number)
