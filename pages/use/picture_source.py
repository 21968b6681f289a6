"""Where the pictures to predict come from: files, the camera, or one test image while there are none."""

from collections.abc import Sequence

import streamlit as st

from core.catalog.runs import Run
from core.errors import GraftError
from pages.compat import UploadedFile
from pages.shared import state, uploads
from pages.shared.run_results import has_results, read_results
from pages.shared.workspace import store
from pages.use import prediction_inputs
from pages.use.prediction_inputs import InputSet, PredictionInput

_FILES, _CAMERA = "try-files", "try-camera"


def draw(project_id: str) -> None:
    """Draw the upload and the camera; the pictures from each upload become an input set."""
    files, camera = st.tabs(["From files", "From the camera"], key="try-source", on_change="rerun")
    with files:
        given = st.file_uploader(
            "Pictures", type=uploads.IMAGE_TYPES, accept_multiple_files=True, key=uploads.uploader_key(_FILES)
        )
        if given:
            _add(project_id, _FILES, given)
    with camera:
        if camera.open:
            photo = st.camera_input("Take a picture", key=uploads.uploader_key(_CAMERA))
            if photo is not None:
                _add(project_id, _CAMERA, [photo])


def example(run: Run) -> InputSet | None:
    """One test image: it shows what a prediction looks like, and loads the model before the first upload."""
    if not has_results(run.id):
        return None
    test = read_results(run.id).test
    for digest, name in zip(test.digests, test.names, strict=True):
        thumbnail = store().thumbnail_path(digest)
        if store().has(digest) and thumbnail.is_file():
            return InputSet((PredictionInput(name, store().path(digest), thumbnail.read_bytes(), digest),))
    return None


def _add(project_id: str, name: str, files: Sequence[UploadedFile]) -> None:
    try:
        prediction_inputs.add_uploads(project_id, name, files)
    except GraftError as error:
        state.notify_error(error)
    st.rerun()
