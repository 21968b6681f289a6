"""The job that classifies many files: stopped and resumed, it does nothing twice and keeps a copy of each image."""

import threading
import zipfile

import numpy as np
import pytest
from PIL import Image

from core.catalog import jobs
from core.errors import RunStopped
from core.jobs.handlers.predict_files import _sources, predict_files
from core.jobs.specs import PredictFilesResult, PredictFilesSpec
from core.jobs.worker import JobContext
from core.use.prediction_store import PREDICTIONS_FILE, PredictionFilter, PredictionStore, open_copies
from tests.finished_runs import add_project, add_run, open_workspace
from tests.unit.evaluation.colours import save_colour_model

# Keras' own way of reading variables, while it saves a model, with NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

IMAGES = 20


class StoppedContext(JobContext):
    """A job that a person stops once some files were begun; the thread that watches the listing does not count."""

    asked = 0

    def should_stop(self) -> bool:
        if threading.current_thread() is not threading.main_thread():
            return False
        self.asked += 1
        return self.asked > IMAGES // 2


def test_a_stopped_job_goes_on_with_the_files_that_are_left(settings):
    workspace = open_workspace(settings)
    project = add_project(workspace)
    run = add_run(workspace, project)
    (settings.runs / run / "features.npz").unlink()  # of another network
    save_colour_model(settings.runs / run)
    upload = settings.uploads / "12"
    (upload / "below").mkdir(parents=True)
    (upload / "below" / "broken.jpg").write_bytes(b"no image")
    with zipfile.ZipFile(upload / "more.zip", "w") as archive:
        for number in range(IMAGES):
            pixels = np.full((20, 30, 3), (220, number, 0), np.uint8)
            with archive.open(f"red/{number:02}.png", "w") as file:
                Image.fromarray(pixels).save(file, "PNG")
    spec = PredictFilesSpec(run=run, folder="uploads/12")
    job = jobs.get_job(workspace.database, jobs.add_job(workspace.database, project, spec))
    folder = settings.predictions / job.id

    with pytest.raises(RunStopped, match=r"^The prediction was stopped\. Resume continues"):
        predict_files(StoppedContext(workspace.database, settings, job), spec)
    with PredictionStore(folder / PREDICTIONS_FILE) as store:
        before = list(store.read())
    assert 0 < len(before) < IMAGES
    assert upload.exists()

    result = predict_files(JobContext(workspace.database, settings, job), spec)
    assert result == PredictFilesResult(files=IMAGES + 1, unreadable=1)
    with PredictionStore(folder / PREDICTIONS_FILE) as store:
        after = list(store.read())
        assert [one.file for one in store.read(PredictionFilter(unreadable=True))] == ["below/broken.jpg"]
    assert after[: len(before)] == before
    assert [one.file for one in after[:-1]] == [f"more.zip/red/{number:02}.png" for number in range(IMAGES)]
    assert {one.predicted_class for one in after[:-1]} == {"red"}
    copies = open_copies(folder)
    assert all(copies.has(one.digest) and copies.thumbnail_path(one.digest).is_file() for one in after[:-1])
    assert not upload.exists()


def test_archives_of_any_folder_of_an_upload_are_unpacked(tmp_path):
    for name in ("1.png", "scans.zip/2.png", "below/3.tar.gz", "below/__MACOSX/4.zip", "below/.5.zip"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert _sources(tmp_path) == [tmp_path / "below" / "3.tar.gz", tmp_path]
    (tmp_path / "1.png").unlink()
    (tmp_path / "scans.zip" / "2.png").unlink()
    assert _sources(tmp_path) == [tmp_path / "below" / "3.tar.gz"]
