"""Where in a picture the network looked."""

from pathlib import Path

import streamlit as st

from core.evaluation.predictions import Predictions
from pages.shared import answers, frame, words
from pages.shared.workspace import store

# A drawing of the page's progress would close the dialog, so it waits for as long as a cold worker needs to start.
_PATIENCE_SECONDS = 120


@frame.dialog("Where the network looked", width="large")
def explain(project_id: str, run_id: str, judged: Predictions) -> None:
    """Draw an image beside what spoke for a class in it.

    Args:
        project_id: Its project.
        run_id: The run that judged it.
        judged: What it said about this one image.
    """
    true, called = int(judged.true[0]), int(judged.predicted[0])
    options = list(dict.fromkeys([called, true]))
    wanted = st.segmented_control(
        "What spoke for", options, default=called, format_func=lambda one: judged.classes[one], required=True
    )
    digest, name = judged.digests[0], judged.names[0]
    arguments = {"run": run_id, "digest": digest, "class": wanted}
    with st.spinner("Looking into the network"):
        answer = answers.ask(project_id, "explain", arguments, "The explanation", patience=_PATIENCE_SECONDS)
    left, right = st.columns(2)
    left.image(store().thumbnail_path(digest), caption="The image", width="stretch", alt=name)
    if answer is not None and "overlay" in answer:
        label = judged.classes[wanted]
        right.image(
            Path(answer["overlay"]),
            caption=f"Yellow to red: spoke for “{words.plain(label)}” (Grad-CAM)",
            width="stretch",
            alt=f"Heat map over the image: the red places spoke most for {label}",
        )
    st.caption(
        "Red where small changes would change the answer most. It shows where the network looked, not why; if it "
        "looked beside the thing, the background may give the class away."
    )
