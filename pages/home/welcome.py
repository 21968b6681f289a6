"""An introduction in three sentences and a picture."""

from pathlib import Path

import streamlit as st

from pages.shared.steps import PROJECT_STEPS

_PICTURE = Path(__file__).parents[2] / "assets" / "graft.svg"
_ALT = (
    "A grown tree trunk made of layers is fed by pictures at its roots; on top of it, three new shoots are grafted, "
    "one for each class."
)


def draw() -> None:
    """Draw the introduction, and the steps, which the sidebar links once a project is open."""
    words, picture = st.columns([3, 2], gap="large", vertical_alignment="center")
    with words:
        st.title("Teach a network to tell your images apart", anchor=False)
        st.markdown(
            "You bring images sorted into classes; Graft brings a network that has learned to see from millions of "
            "other pictures (*a pretrained backbone*). It grafts a new head onto that grown trunk and trains it on "
            "your images (*transfer learning*), so a few dozen images a class and a few minutes on this machine are "
            "often enough. You see honestly how good it is and take the model home as a file, and nothing leaves this "
            "machine."
        )
    with picture:
        st.image(_PICTURE, alt=_ALT, width=360)
    st.markdown("**Seven steps:** " + " → ".join(f"{step.icon} {step.title}" for step in PROJECT_STEPS))
