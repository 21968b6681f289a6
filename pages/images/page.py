"""Images: add them, sort them into classes, split them."""

import streamlit as st

from core.catalog.items import UNLABELLED, Filter, count_items, count_rejected_files, list_rejected_files
from core.catalog.labels import list_labels
from pages.images import (
    add_images,
    classes,
    export_dataset,
    gallery_panel,
    guessed_classes,
    ingestion,
    name_encoding,
    readiness,
    splits,
    table_columns,
)
from pages.shared import frame
from pages.shared.steps import CHECK
from pages.shared.workspace import database

IMAGES, CLASSES, SPLITS, DOWNLOAD, REJECTED = "Images", "Classes", "Splits", "Download", "Rejected files"

project = frame.project()
labels = list_labels(database(), project.id)
unlabelled = count_items(database(), project.id, Filter(label_id=UNLABELLED, excluded=False))
rejected = count_rejected_files(database(), project.id)

st.title("Images", anchor=False)
st.markdown("Add pictures of each thing that the network should tell apart, one class for each.")

busy = ingestion.draw(project.id)
guessed = None if busy else guessed_classes.waiting(project.id)
if guessed is not None:
    guessed_classes.draw(project.id, guessed, labels)
undecided = None if busy else table_columns.waiting(project.id)
if undecided is not None:
    table_columns.draw(project.id, undecided)
unread = None if busy else name_encoding.waiting(project.id)
if unread is not None:
    name_encoding.draw(project.id, unread)
asked = guessed or undecided or unread
empty = not project.images and not labels and not rejected
add_images.draw(project.id, labels, open_at_first=empty and not busy and not asked)

if not project.images and not busy and not asked:
    st.info("There are no images yet. Add a zip, a folder or single images above.", icon=":material/info:")
if empty:
    st.stop()

readiness.draw(project.id, labels, unlabelled)
parts = [IMAGES, CLASSES, SPLITS, DOWNLOAD, *([REJECTED] if rejected else [])]
tabs = dict(zip(parts, st.tabs(parts, key="part", on_change="rerun", bind="query-params"), strict=True))
with tabs[IMAGES]:
    if tabs[IMAGES].open and project.images:
        gallery_panel.draw(project.id, labels, unlabelled)
with tabs[CLASSES]:
    if tabs[CLASSES].open:
        classes.draw(project.id, labels)
with tabs[SPLITS]:
    if tabs[SPLITS].open:
        splits.draw(project.id, labels)
with tabs[DOWNLOAD]:
    if tabs[DOWNLOAD].open and project.images:
        export_dataset.draw(project)
if rejected:
    with tabs[REJECTED]:
        if tabs[REJECTED].open:
            ingestion.show_rejected(project.id, list_rejected_files(database(), project.id))

st.divider()
if st.button(
    "Next: check the images",
    type="secondary" if asked else "primary",
    icon=CHECK.icon,
    disabled=not project.images,
):
    frame.go_to(CHECK)
