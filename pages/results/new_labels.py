"""A run on the labels as they are now: the points that come from new labels, and a check of as many correct images."""

import numpy as np
import streamlit as st

from core.catalog.items import relabelled_by_models
from core.catalog.projects import Project
from core.evaluation.rescoring import Rescore, labels_of_manifest, rescore
from pages.results import predicted_images
from pages.shared import words
from pages.shared.run_results import Results, current_manifest
from pages.shared.workspace import database

# From so many labels that a network's disagreement led to, a check of as many correct predictions is offered.
MANY = 3


def draw(project: Project, results: Results) -> None:
    """Draw the accuracy on the labels as they are now, and what a network's disagreement changed; nothing without."""
    rescored = rescore(results.test, labels_of_manifest(current_manifest(project.id, project.updated_at)))
    if rescored is not None and rescored.relabelled:
        st.info(describe(rescored), icon=":material/new_label:")
    marked = relabelled_by_models(database(), project.id)
    disputed = sum(digest in marked for digest in results.test.digests)
    if disputed:
        st.warning(
            f"{words.count(disputed, 'test image')} got another class because a network disagreed with the label. Such "
            "changes raise the accuracy: wrong labels of images that the network predicts correctly stay unseen.",
            icon=":material/balance:",
        )
    if disputed >= MANY:
        _offer_check(project, results, disputed)


def describe(rescored: Rescore) -> str:
    """Describe the effect of new labels on the accuracy, in points."""
    return (
        f"On the labels as they are now, **{words.percent(rescored.after)}** of the same "
        f"{words.count(rescored.images, 'test image')} are predicted correctly (95% interval: "
        f"{words.between(*rescored.interval)}); on the labels of this run, {words.percent(rescored.before)}. "
        f"**{rescored.points:+.1f} points come from {words.count(len(rescored.relabelled), 'new label')}**, not from "
        "the model."
    )


def _offer_check(project: Project, results: Results, disputed: int) -> None:
    correct = np.flatnonzero(results.test.correct)
    chosen = np.random.default_rng(0).permutation(correct)[:disputed]
    with st.expander(f"Check as many correct predictions: {words.count(len(chosen), 'image')}"):
        st.caption("Chosen at random. A wrong label here lowers the accuracy as much as one of the others raised it.")
        predicted_images.draw(project.id, results.run_id, results.test.rows(chosen), "check-correct")
