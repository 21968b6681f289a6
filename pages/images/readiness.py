"""Whether the dataset is ready for training."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.catalog.items import list_rejected_files
from core.catalog.labels import Label
from core.dataset.issues import find_dataset_issues
from core.intake.rejection_messages import concerns_unused_list, explains_missing_class
from pages.shared import words
from pages.shared.workspace import database

SHOWN = 3


def draw(project_id: str, labels: Sequence[Label], unlabelled: int) -> None:
    """Draw what is missing: what makes a training impossible, why images have no class, and advice.

    Args:
        project_id: The project.
        labels: The classes with their counts.
        unlabelled: Number of images that take part and have no class.
    """
    issues = find_dataset_issues(labels, unlabelled)
    blocking = [issue.sentence for issue in issues if issue.blocking]
    lists = _notes(project_id, concerns_unused_list)
    if blocking:
        blocking += lists
        st.warning(_listed("**A training is not possible yet.**", blocking), icon=":material/block:")
    for issue in issues:
        if issue.code == "unlabelled-images":
            head = f"**{words.escape_markdown(issue.sentence)}**"
            st.warning(_listed(head, _notes(project_id, explains_missing_class)), icon=":material/label_off:")
    advice = [issue.sentence for issue in issues if not issue.blocking and issue.code != "unlabelled-images"]
    advice += [] if blocking else lists
    if advice:
        with st.expander(f"Advice on these images ({len(advice)})", icon=":material/lightbulb:"):
            st.markdown("\n".join(f"- {words.escape_markdown(one)}" for one in advice))


def _notes(project_id: str, is_wanted: Callable[[str], bool]) -> list[str]:
    """Give the notes on tables, lists and folders that are wanted, with the names of these."""
    listed = list_rejected_files(database(), project_id)
    return [f"{one.name}: {one.reason}" for one in listed if is_wanted(one.reason)]


def _listed(head: str, sentences: Sequence[str]) -> str:
    lines = [f"- {words.escape_markdown(one)}" for one in sentences[:SHOWN]]
    if len(sentences) > SHOWN:
        lines.append(f"- and {len(sentences) - SHOWN} more")
    return "\n".join([head, *lines])
