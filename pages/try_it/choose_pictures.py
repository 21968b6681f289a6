"""New pictures: from files or the camera, or one of the test images while there are none."""

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.catalog.runs import Run
from core.errors import GraftError
from pages.shared import state, uploads
from pages.shared.run_results import has_results, read_results
from pages.shared.workspace import store
from pages.try_it import prediction_inputs
from pages.try_it.prediction_inputs import Batch, Picture

TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff", "heic", "heif", "avif"]
_FILES, _CAMERA = "try-files", "try-camera"


def draw(project_id: str) -> None:
    """Draw the upload and the camera; what they give becomes a batch."""
    files, camera = st.tabs(["From files", "From the camera"], key="try-source", on_change="rerun")
    with files:
        given = st.file_uploader("Pictures", type=TYPES, accept_multiple_files=True, key=uploads.uploader_key(_FILES))
        if given:
            _take(project_id, _FILES, given)
    with camera:
        if camera.open:
            shot = st.camera_input("Take a picture", key=uploads.uploader_key(_CAMERA))
            if shot is not None:
                _take(project_id, _CAMERA, [shot])


def example(run: Run) -> Batch | None:
    """One test image, to see what an answer looks like, and to have the model warm for the first real picture."""
    if not has_results(run.id):
        return None
    test = read_results(run.id).test
    for digest, name in zip(test.digests, test.names, strict=True):
        thumbnail = store().thumbnail_path(digest)
        if store().has(digest) and thumbnail.is_file():
            return Batch((Picture(name, store().path(digest), thumbnail.read_bytes()),))
    return None


def _take(project_id: str, name: str, files: Sequence[UploadedFile]) -> None:
    try:
        prediction_inputs.remember(project_id, prediction_inputs.take(name, files))
    except GraftError as error:
        state.notify_error(error)
    st.rerun()
