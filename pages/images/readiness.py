"""Whether the dataset is ready for training."""

from collections.abc import Sequence

import streamlit as st

from core.catalog.labels import Label
from core.dataset.issues import find_dataset_issues
from pages.shared import words

SHOWN = 3


def draw(labels: Sequence[Label], unlabelled: int) -> bool:
    """Draw what is missing, and return whether a training is possible.

    Args:
        labels: The classes with their counts.
        unlabelled: Number of images that take part and have no class.
    """
    issues = find_dataset_issues(labels, unlabelled)
    blocking = [issue.sentence for issue in issues if issue.blocking]
    if blocking:
        st.warning(_listed(["**A training is not possible yet.**", *blocking]), icon=":material/block:")
    advice = [issue.sentence for issue in issues if not issue.blocking]
    if advice:
        with st.expander(f"Advice on these images ({len(advice)})", icon=":material/lightbulb:"):
            st.markdown("\n".join(f"- {words.escape_markdown(one)}" for one in advice))
    return not blocking


def _listed(sentences: Sequence[str]) -> str:
    head, *rest = sentences
    lines = [f"- {words.escape_markdown(one)}" for one in rest[:SHOWN]]
    if len(rest) > SHOWN:
        lines.append(f"- and {len(rest) - SHOWN} more")
    return "\n".join([head, *lines])
