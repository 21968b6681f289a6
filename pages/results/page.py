"""Results: how good a run is, how certain that is, where it fails, and how to repair it."""

import streamlit as st

from core.catalog.runs import list_runs
from pages.components import run_choice
from pages.results import (
    before_after,
    calibration,
    class_scores,
    confusion,
    downloads,
    headline,
    history,
    image_map,
    mistakes,
    new_labels,
    run_table,
    transfer_benefit,
)
from pages.shared import frame
from pages.shared.run_results import has_results, read_results
from pages.shared.steps import MODEL, TRAIN, USE
from pages.shared.workspace import database

TABS = ("Confusion", "Mistakes", "Map", "Classes", "Confidence", "Training", "All runs")

project = frame.project()
runs = list_runs(database(), project.id)
run = run_choice.chosen(runs, has_results)

st.title("Results", anchor=False)
if run is None:
    st.info("There is no run yet. Choose a network on the Model page and start one.", icon=":material/info:")
    frame.step_link(MODEL, "To the model", icon=MODEL.icon)
    st.stop()
run_choice.draw(runs, run)
if not has_results(run.id):
    st.info("This run has no results: it is still running, or ended before its first epoch.", icon=":material/info:")
    frame.step_link(TRAIN, "To this run", run_id=run.id, icon=TRAIN.icon)
    run_table.draw(runs, run)
    st.stop()

results = read_results(run.id)
headline.draw(results.report)
with st.container(horizontal=True, vertical_alignment="center"):
    downloads.draw(project, run, results)
    frame.step_link(USE, "Next: try it on new pictures", run_id=run.id, icon=USE.icon)
new_labels.draw(project, results)
before_after.draw_retrain(project, run, results)
before_after.draw(runs, run, results)

tabs = dict(zip(TABS, st.tabs(TABS, key="results-part", on_change="rerun", bind="query-params"), strict=True))
if tabs["Confusion"].open:
    with tabs["Confusion"]:
        confusion.draw(project.id, results)
elif tabs["Mistakes"].open:
    with tabs["Mistakes"]:
        mistakes.draw(project.id, results)
elif tabs["Map"].open:
    with tabs["Map"]:
        image_map.draw(project.id, results)
elif tabs["Classes"].open:
    with tabs["Classes"]:
        class_scores.draw(results)
elif tabs["Confidence"].open:
    with tabs["Confidence"]:
        calibration.draw(results.report, run.id)
elif tabs["Training"].open:
    with tabs["Training"]:
        history.draw(run)
elif tabs["All runs"].open:
    with tabs["All runs"]:
        run_table.draw(runs, run)
        transfer_benefit.draw(project, runs, run)
