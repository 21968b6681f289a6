"""Check: what is wrong with the images, before a network learns from them."""

import streamlit as st

from core.advice.split_comparison import SplitComparison
from core.catalog.items import Filter, list_items
from core.catalog.labels import list_labels
from core.checks.findings import load_findings
from core.jobs.queue import submit
from core.jobs.specs import CheckResult, CheckSpec
from pages.check import cross_validation, findings, groups, split_comparison
from pages.components import job_progress
from pages.shared import frame, recipe_editor, words
from pages.shared.steps import IMAGES, MODEL
from pages.shared.workspace import database, settings

project = frame.project()

st.title("Check", anchor=False)
st.markdown(
    "Most bad surprises come from the images, not from the network: copies that make the test too easy, wrong labels, "
    "a background that gives the class away. Check the images before you train."
)

running = job_progress.running_job(project.id, CheckSpec)
if running is not None:
    job_progress.show_progress(running.id, "Checking the images")
    st.stop()

last = job_progress.last_job(project.id, CheckSpec)
if last is not None:
    job_progress.show_outcome(last, "The check")
if not project.images:
    st.info("There are no images yet. Add some first.", icon=":material/info:")
    frame.step_link(IMAGES, "To the images", icon=IMAGES.icon)
    st.stop()

recipe = recipe_editor.recipe_argument(project.id)
result = last.result_as(CheckResult) if last is not None else None
found = load_findings(result.findings) if result is not None else []
again = "Check again" if found else "Check the images"
if st.button(again, type="secondary" if found else "primary", icon=":material/search:"):
    frame.run_action(lambda: submit(database(), settings(), project.id, CheckSpec(recipe=recipe)))
if last is not None and last.ended_at is not None and result is not None and found:
    network = f" with {result.network}" if result.network else ""
    st.caption(f"Checked {words.ago(last.ended_at)}, {words.count(result.images, 'image')}{network}.")
    job_progress.show_warnings(last.id)
    items = {item.id: item for item in list_items(database(), project.id, Filter(excluded=False))}
    compared = SplitComparison.model_validate(result.split_comparison) if result.split_comparison else None
    flatters = compared is not None and compared.leaks
    findings.draw(project.id, found, items, "" if compared is None or flatters else compared.sentence())
    if compared is not None and flatters:
        split_comparison.draw(compared, result.network)
    groups.draw(project.id, items)

cross_validation.draw(project.id, list_labels(database(), project.id), recipe)
st.divider()
frame.step_link(MODEL, "Next: choose a network", icon=MODEL.icon)
