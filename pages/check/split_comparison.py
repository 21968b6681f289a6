"""The accuracy with a random split beside the accuracy with an honest split (data leakage)."""

import streamlit as st

from core.advice.estimate import GroupedEstimate
from core.advice.split_comparison import SplitComparison
from pages.shared import words


def draw(compared: SplitComparison, network: str) -> None:
    """Draw both accuracies with their intervals, the difference, and its meaning."""
    with st.container(border=True):
        st.subheader(
            "Random split or honest split?", anchor=False, help="The field's term: data leakage between splits."
        )
        with st.grid(columns="auto", min_column_width=200):
            _draw_figure("With a random split", compared.random)
            _draw_figure("With an honest split", compared.honest)
            with st.container():
                st.metric("Too high by", f"{100 * compared.gap.value:.1f} points")
                st.caption(f"95% interval: {100 * compared.gap.low:.1f} to {100 * compared.gap.high:.1f} points")
        st.markdown(f"{':material/warning:' if compared.leaks else ':material/check_circle:'} {compared.sentence()}")
        st.caption(
            f"{words.count(compared.in_sets, 'image is', 'images are')} in {words.count(compared.sets, 'set')} of "
            f"copies, bursts or groups that Graft keeps in one split. Measured with {network}: its frozen features and "
            f"a quick head (logistic regression), {words.count(compared.images, 'image')} each predicted by a head "
            f"that has not seen it, in 5 folds and with {words.count(compared.seeds, 'seed')}. The intervals "
            "count each set as one observation."
        )


def _draw_figure(title: str, measured: GroupedEstimate) -> None:
    with st.container():
        st.metric(title, words.percent(measured.value))
        st.caption(f"95% interval: {words.between(measured.low, measured.high)}")
