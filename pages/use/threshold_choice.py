"""The confidence below which a prediction needs a look, chosen on the curve of error against share answered."""

import streamlit as st

from core.evaluation.metrics.risk_coverage import RiskCoverage, measure_risk_coverage
from core.use.prediction_store import PredictionStore
from core.use.prediction_table import threshold_of
from pages.components import charts
from pages.shared import frame, words
from pages.shared.run_results import has_results, read_results


def draw(run_id: str, store: PredictionStore, job_id: str) -> float:
    """Draw the slider and the curve, store the threshold with the predictions, and return it.

    Args:
        run_id: The run whose test split is the measure; without its results there is no curve.
        store: The predictions.
        job_id: The job that made them.
    """
    before = threshold_of(store)
    percent = st.slider(
        "A prediction needs a look below a confidence of",
        0,
        100,
        round(100 * before),
        format="%d%%",
        key=f"threshold-{job_id}",
    )
    threshold = percent / 100
    if threshold != before:
        with frame.show_errors():
            store.set_property("threshold", threshold)
    if has_results(run_id):
        test = read_results(run_id).test
        _draw_measured(measure_risk_coverage(test.confidence, test.correct), threshold, len(test), job_id)
    return threshold


def _draw_measured(measured: RiskCoverage, threshold: float, images: int, job_id: str) -> None:
    coverage, risk = measured.at(threshold)
    text = f"Measured on {words.count(images, 'test image')}: {words.percent(coverage)} are answered at this threshold"
    st.caption(f"{text}, {words.percent(risk)} of them wrongly." if risk is not None else f"{text}.")
    with st.expander("Error against share answered (*risk-coverage curve*)"):
        across, up = [*measured.coverage.tolist()], [*measured.risk.tolist()]
        alt = f"Error against share answered, from {up[0]:.1%} error with all test images answered."
        lines = [("test images", across, up)]
        if risk is not None:
            lines.append(("this threshold", [coverage, coverage], [0.0, 1.0]))
        chart = charts.curve(lines, x="share of the images answered", y="error among them", alt=alt)
        charts.show(chart, key=f"risk-{job_id}")
        st.caption(
            "A higher threshold answers fewer images with fewer errors, and a person looks at the others. New pictures "
            "that differ from the test images have other errors."
        )
