"""Results: how good a run is, how sure that is, where it fails, and what to do about it."""

import streamlit as st

from core.catalog.runs import list_runs
from pages.components import run_choice
from pages.results import (
    before_after,
    class_scores,
    confidence,
    confusion,
    headline,
    history,
    image_map,
    mistakes,
    results_files,
    retrain,
    run_table,
    transfer_benefit,
)
from pages.shared import frame
from pages.shared.run_results import has_results, read_results
from pages.shared.steps import MODEL, TRAIN
from pages.shared.workspace import database

CONFUSION, MISTAKES, MAP, CLASSES, CONFIDENCE, COURSE, RUNS = (
    "Confusion",
    "Mistakes",
    "Map",
    "Classes",
    "Confidence",
    "Training",
    "All runs",
)

project = frame.project()
runs = list_runs(database(), project.id)
run = run_choice.chosen(runs, has_results)

st.title("Results", anchor=False)
if run is None:
    st.info("Nothing was trained yet. Choose a network on the Model page and start it.", icon=":material/info:")
    frame.step_link(MODEL, "To the model", icon=MODEL.icon)
    st.stop()
run_choice.draw(runs, run)
if not has_results(run.id):
    st.info("This run was not measured: it goes on, or it ended before its first epoch.", icon=":material/info:")
    frame.step_link(TRAIN, "To this run", run_id=run.id, icon=TRAIN.icon)
    run_table.draw(runs, run)
    st.stop()

results = read_results(run.id)
headline.draw(results.report)
results_files.draw(project, run, results)
retrain.draw(project, run, results)
before_after.draw(runs, run, results)

parts = [CONFUSION, MISTAKES, MAP, CLASSES, CONFIDENCE, COURSE, RUNS]
tabs = dict(zip(parts, st.tabs(parts, key="results-part", on_change="rerun", bind="query-params"), strict=True))
with tabs[CONFUSION]:
    if tabs[CONFUSION].open:
        confusion.draw(project.id, results)
with tabs[MISTAKES]:
    if tabs[MISTAKES].open:
        mistakes.draw(project.id, results)
with tabs[MAP]:
    if tabs[MAP].open:
        image_map.draw(project.id, results)
with tabs[CLASSES]:
    if tabs[CLASSES].open:
        class_scores.draw(results)
with tabs[CONFIDENCE]:
    if tabs[CONFIDENCE].open:
        confidence.draw(results.report, run.id)
with tabs[COURSE]:
    if tabs[COURSE].open:
        history.draw(run)
with tabs[RUNS]:
    if tabs[RUNS].open:
        run_table.draw(runs, run)
        transfer_benefit.draw(project, runs, run)
