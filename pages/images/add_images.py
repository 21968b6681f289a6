"""Ways to bring images in: an archive, a folder, single files, the camera, a phone, the web, another project."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.catalog.labels import Label
from core.jobs.queue import submit
from pages.components.class_picker import choose_class
from pages.images import add_from_phone, add_from_project, add_links, camera_burst
from pages.shared import frame, uploads, words
from pages.shared.workspace import database, settings

ARCHIVE, FOLDER, FILES, CAMERA = "A zip", "A folder", "Single images", "The camera"
BURST, PHONE, WEB, PROJECT = "A camera burst", "A phone", "The web", "Another project"

_HELP = (
    "Folders train, val and test above the classes are taken as the splits. A table (CSV or Excel) with columns file "
    "and label may lie among the images or be uploaded with the archive; its columns split and group (patient, plant, "
    "site) are respected. Without folders and table, the file names may tell the classes: cat_001.jpg."
)


def draw(project_id: str, labels: Sequence[Label]) -> None:
    """Draw the choice of a way, and that way."""
    ways: dict[str, Callable[[], None]] = {
        ARCHIVE: lambda: _draw_archive(project_id),
        FOLDER: lambda: _draw_folder(project_id),
        FILES: lambda: _draw_files(project_id, labels),
        CAMERA: lambda: _draw_camera(project_id, labels),
        BURST: lambda: camera_burst.draw(project_id, labels),
        PHONE: lambda: add_from_phone.draw(project_id, labels),
        WEB: lambda: add_links.draw(project_id, labels),
        PROJECT: lambda: add_from_project.draw(project_id),
    }
    chosen = st.pills("Where are they?", list(ways), default=ARCHIVE, required=True)
    ways[chosen]()


def _draw_archive(project_id: str) -> None:
    files = st.file_uploader(
        "An archive with one folder a class",
        type=["zip", "gz", "tgz", "tar", "csv", "tsv", "xlsx"],
        accept_multiple_files=True,
        key=uploads.uploader_key("archive"),
        help=_HELP,
    )
    if files:
        frame.run_action(lambda: _take_in(project_id, _below(uploads.move_to_disk("archive", files))))


def _draw_folder(project_id: str) -> None:
    files = st.file_uploader(
        "A folder that holds one folder a class",
        accept_multiple_files="directory",
        key=uploads.uploader_key("folder"),
        help=_HELP,
    )
    if files:
        frame.run_action(lambda: _take_in(project_id, [uploads.move_to_disk("folder", files)]))


def _draw_files(project_id: str, labels: Sequence[Label]) -> None:
    label = choose_class(labels, "files")
    files = st.file_uploader(
        "Images of this class", type=uploads.IMAGE_TYPES, accept_multiple_files=True, key=uploads.uploader_key("files")
    )
    _draw_add(project_id, label, "files", files)


def _draw_camera(project_id: str, labels: Sequence[Label]) -> None:
    label = choose_class(labels, "camera")
    st.caption("Browsers give the camera only to pages on localhost or HTTPS.")
    picture = st.camera_input("A picture of this class", key=uploads.uploader_key("camera"), width=480)
    _draw_add(project_id, label, "camera", [] if picture is None else [picture])


def _draw_add(project_id: str, label: str | None, way: str, files: Sequence[UploadedFile]) -> None:
    """Draw the button that adds files to a class; the class stays chosen, for the next picture."""
    what = words.count(len(files), "image") if files else "images"
    if st.button(
        f"Add {what} to {words.escape_markdown(label or 'a class')}", disabled=not files or not label, key=f"add-{way}"
    ):
        frame.run_action(lambda: _take_in(project_id, _below(uploads.move_to_disk(way, files)), label))


def _below(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _take_in(project_id: str, paths: Sequence[Path], label: str | None = None) -> None:
    arguments = {"paths": [str(path) for path in paths], "label": label, "remove": True, "sample": None}
    submit(database(), settings(), project_id, "take-in", arguments)
