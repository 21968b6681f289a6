"""Ways to add images: an archive, a folder, single files, the camera, a phone, the web, another project."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from core.catalog.labels import Label, list_labels
from core.catalog.projects import Project, list_projects
from core.intake.formats import ARCHIVE_UPLOADS
from core.intake.links import Link, read_links
from core.intake.web import WebLimits
from core.jobs.queue import submit
from core.jobs.specs import IngestSpec, WebLink
from pages.compat import UploadedFile
from pages.images import add_from_phone, camera_burst
from pages.images.class_picker import choose_class
from pages.shared import frame, state, uploads, words
from pages.shared.workspace import database, settings

ARCHIVE, FOLDER, FILES, CAMERA = "A zip", "A folder", "Single images", "The camera"
BURST, PHONE, WEB, PROJECT = "A camera burst", "A phone", "The web", "Another project"

_LIMITS = WebLimits()
_ROUND = "links-round"
_EXPANDER, _CLOSES = "add-images", "add-images-closes"
_WAY = "way-to-add"
_HELP = (
    "Folders train, val and test above the classes become the splits. A table (CSV or Excel) with columns file "
    "and label may lie among the images or be uploaded with the archive; its columns split and group (patient, plant, "
    "site) are kept. Without folders and table, the file names may tell the classes: cat_001.jpg."
)


def draw(project_id: str, labels: Sequence[Label], *, open_at_first: bool) -> None:
    """Draw the ways to add images, in a part of the page that a person opens and closes.

    It stays as it is when a class is made, or images arrive, so that the next class can be held before the camera. It
    closes when everything of an archive, a folder, a list or a project is on its way.

    Args:
        project_id: The project.
        labels: Its classes.
        open_at_first: Whether it is open when a person comes to the page.
    """
    if state.get(_CLOSES, False):
        state.set(_CLOSES, False)
        state.set_widget(_EXPANDER, False)
    state.set_widget(_EXPANDER, open_at_first, only_first=True)
    state.set_widget(_WAY, ARCHIVE, only_first=True)
    part = st.expander("Add images", key=_EXPANDER, icon=":material/add_photo_alternate:", on_change="rerun")
    with part:
        if part.open:
            _show_ways(project_id, labels)


def open_camera_burst() -> None:
    """Have the page that comes next open with the camera burst."""
    state.set_widget(_EXPANDER, True)
    state.set_widget(_WAY, BURST)


def _show_ways(project_id: str, labels: Sequence[Label]) -> None:
    ways: dict[str, Callable[[], None]] = {
        ARCHIVE: lambda: _show_archive(project_id),
        FOLDER: lambda: _show_folder(project_id),
        FILES: lambda: _show_files(project_id, labels),
        CAMERA: lambda: _show_camera(project_id, labels),
        BURST: lambda: camera_burst.draw(project_id, labels),
        PHONE: lambda: add_from_phone.draw(project_id, labels),
        WEB: lambda: _show_links(project_id, labels),
        PROJECT: lambda: _show_project(project_id),
    }
    chosen = st.pills("Add from", list(ways), required=True, key=_WAY, persist_state="page")
    ways[chosen or ARCHIVE]()


def _show_archive(project_id: str) -> None:
    files = st.file_uploader(
        "An archive with one folder a class",
        type=list(ARCHIVE_UPLOADS),
        accept_multiple_files=True,
        key=uploads.uploader_key("archive"),
        help=_HELP,
    )
    if files:
        frame.run_action(lambda: _ingest_all(project_id, _below(uploads.move_to_disk("archive", files))))


def _show_folder(project_id: str) -> None:
    files = st.file_uploader(
        "A folder that holds one folder a class",
        accept_multiple_files="directory",
        key=uploads.uploader_key("folder"),
        help=_HELP,
    )
    if files:
        frame.run_action(lambda: _ingest_all(project_id, [uploads.move_to_disk("folder", files)]))


def _show_files(project_id: str, labels: Sequence[Label]) -> None:
    label = choose_class(labels, "files")
    files = st.file_uploader(
        "Images of this class", type=uploads.IMAGE_TYPES, accept_multiple_files=True, key=uploads.uploader_key("files")
    )
    _show_add(project_id, label, "files", files)


def _show_camera(project_id: str, labels: Sequence[Label]) -> None:
    label = choose_class(labels, "camera")
    st.caption("Browsers give the camera only to pages on localhost or HTTPS.")
    picture = st.camera_input("A picture of this class", key=uploads.uploader_key("camera"), width=480)
    _show_add(project_id, label, "camera", [] if picture is None else [picture])


def _show_add(project_id: str, label: str | None, way: str, files: Sequence[UploadedFile]) -> None:
    """Show the button that adds files to a class. The class stays chosen for the next picture."""
    what = words.count(len(files), "image") if files else "images"
    if st.button(
        f"Add {what} to {words.escape_markdown(label or 'a class')}", disabled=not files or not label, key=f"add-{way}"
    ):
        frame.run_action(lambda: _ingest(project_id, _below(uploads.move_to_disk(way, files)), label))


def _below(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _ingest_all(project_id: str, paths: Sequence[Path]) -> None:
    _ingest(project_id, paths)
    state.set(_CLOSES, True)


def _ingest(project_id: str, paths: Sequence[Path], label: str | None = None) -> None:
    stored = tuple(settings().relative(path) for path in paths)
    submit(database(), settings(), project_id, IngestSpec(paths=stored, label=label, remove_uploads=True))


def _show_links(project_id: str, labels: Sequence[Label]) -> None:
    """Draw the list, the class for addresses that name none, and the button that fetches the images."""
    text = st.text_area(
        "Addresses of images, one a line",
        placeholder="https://example.org/photos/ant-1.jpg\nhttps://example.org/photos/bee-7.jpg bees",
        help="A class may follow the address.",
        key=f"links-{state.get(_ROUND, 0)}",
        height=150,
    )
    label = choose_class(labels, "links", "Class of the images whose line has none")
    links = read_links(text)
    st.caption(
        "Only addresses that begin with https:// are fetched, and none in a private network: at most "
        f"{_LIMITS.links:,} at once, each up to {_LIMITS.file_bytes / 1e6:.0f} MB and {_LIMITS.seconds:.0f} seconds. "
        "Use only images that you have the right to use."
    )
    what = words.count(len(links), "image") if links else "images"
    if st.button(f"Fetch {what}", disabled=not links, key="add-links"):
        frame.run_action(lambda: _fetch(project_id, links, label))


def _fetch(project_id: str, links: Sequence[Link], label: str | None) -> None:
    spec = IngestSpec(links=tuple(WebLink(url=link.url, label=link.label) for link in links), label=label)
    submit(database(), settings(), project_id, spec)
    state.set(_ROUND, state.get(_ROUND, 0) + 1)
    state.set(_CLOSES, True)


def _show_project(project_id: str) -> None:
    """Draw the choice of a project and of its classes, and the button that copies them."""
    others = {one.id: one for one in list_projects(database()) if one.id != project_id and one.images}
    if not others:
        st.info("There is no other project with images.", icon=":material/info:")
        return
    chosen = st.selectbox(
        "Project",
        list(others),
        format_func=lambda one: _project_title(others[one]),
        key="copy-project",
    )
    labels = {label.id: label for label in list_labels(database(), chosen)}
    classes = st.multiselect(
        "Classes",
        list(labels),
        default=list(labels),
        format_func=lambda one: labels[one].name,
        key=f"copy-classes-{chosen}",
    )
    images = sum(labels[one].images + labels[one].excluded for one in classes)
    st.caption("Images come into classes of the same names; the files are shared and take no extra space.")
    if st.button(f"Copy {words.count(images, 'image')}", disabled=not images, key="add-project"):
        spec = IngestSpec(from_project=chosen, from_classes=tuple(classes))
        frame.run_action(lambda: _copy(project_id, spec))


def _copy(project_id: str, spec: IngestSpec) -> None:
    submit(database(), settings(), project_id, spec)
    state.set(_CLOSES, True)


def _project_title(project: Project) -> str:
    """A unique title: several projects may have the same name, and the browser answers with the title."""
    made = words.moment(project.created_at)
    return f"{project.name} · {words.count(project.images, 'image')} · made {made}"
