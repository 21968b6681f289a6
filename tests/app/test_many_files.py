"""Many files on the Use page: a job that was stopped is resumed, the threshold is kept, links open nothing else."""

import contextlib
import sqlite3

import pytest
from starlette.requests import Request
from starlette.responses import FileResponse

from core.catalog import jobs
from core.errors import GraftError
from core.jobs.events import Ended, dump_event
from core.jobs.specs import PredictFilesSpec
from core.use import prediction_store
from core.use.prediction_store import (
    PREDICTIONS_FILE,
    PredictionFilter,
    PredictionStore,
    StoredPrediction,
    open_copies,
)
from core.use.prediction_table import threshold_of
from pages.routes import predicted_files
from pages.shared.steps import USE
from tests.finished_runs import add_project, add_run, open_workspace

DIGEST = "ab" * 32


@pytest.fixture
def workspace(settings):
    return open_workspace(settings)


@pytest.fixture
def project(workspace):
    return add_project(workspace, images=8)


@pytest.fixture
def run(workspace, project):
    finished = add_run(workspace, project)
    (workspace.settings.runs / finished / "model.keras").touch()
    return finished


@pytest.fixture
def stopped(workspace, project, run):
    """A job that a person stopped after two files."""
    job = jobs.add_job(workspace.database, project, PredictFilesSpec(run=run, folder="uploads/12"))
    with PredictionStore(workspace.settings.predictions / job / PREDICTIONS_FILE) as store:
        store.set_property("classes", ("circles", "squares"))
        store.add(
            [
                StoredPrediction("a.jpg", "circles", 0.6, "squares", 0.4, none_of_these=False, digest=DIGEST),
                StoredPrediction("b.jpg", error="The file is empty."),
            ]
        )
    jobs.start_job(workspace.database, job)
    ended = Ended(status="stopped", reason="The prediction was stopped.")
    jobs.add_event(workspace.database, job, ended.kind, dump_event(ended))
    jobs.end_job(workspace.database, job, "stopped")
    return job


@pytest.fixture
def tab(open_page, project, run, stopped):  # noqa: ARG001 - the page shows it
    tab = open_page(USE, project=project, run=run)
    tab.session_state["use-part"] = "Many files"
    return tab.run()


def text_of(tab):
    return "\n".join(element.value for element in [*tab.markdown, *tab.caption, *tab.warning])


def button(tab, label):
    return next(widget for widget in tab.button if widget.label == label)


def test_a_stopped_job_shows_what_it_did_and_is_resumed(tab, workspace, stopped):
    assert "The prediction was stopped. What was classified is below." in text_of(tab)
    assert "**2 files**, by class: circles 1" in text_of(tab)
    button(tab, "Resume").click().run()
    assert not tab.exception
    assert jobs.get_job(workspace.database, stopped).status == "queued"


def test_the_threshold_is_measured_on_the_test_split_and_kept(tab, workspace, stopped):
    assert "0 images need a look, 1 file cannot be read." in text_of(tab)
    tab.slider[0].set_value(70).run()
    assert "1 image needs a look" in text_of(tab)
    assert "are answered at this threshold" in text_of(tab)
    with PredictionStore(workspace.settings.predictions / stopped / PREDICTIONS_FILE) as store:
        assert threshold_of(store) == 0.7


def test_removed_predictions_leave_nothing(tab, workspace, stopped):
    button(tab, "Remove these predictions").click().run()
    assert not tab.exception
    assert not (workspace.settings.predictions / stopped).exists()
    assert not jobs.list_jobs(workspace.database, kinds=(PredictFilesSpec,))


@pytest.fixture
def ask(workspace, stopped, monkeypatch):
    """Ask what the web server asks for a link."""
    monkeypatch.setattr(predicted_files, "database", lambda: workspace.database)
    monkeypatch.setattr(predicted_files, "settings", lambda: workspace.settings)
    open_copies(workspace.settings.predictions / stopped).put_thumbnail(DIGEST, b"jpeg")
    thumbnail, download = predicted_files.routes()

    def asked(job_id, **parameters):
        route = thumbnail if "digest" in parameters else download
        return route.endpoint(Request({"type": "http", "path_params": {"job_id": job_id, **parameters}}))

    return asked


def test_tables_and_thumbnails_are_sent(ask, stopped):
    for name in ("predictions.csv", "predictions.xlsx", "folders.csv", "bursts.xlsx"):
        answer = ask(stopped, name=name)
        assert isinstance(answer, FileResponse)
        assert answer.path.stat().st_size > 100
        answer.background.func()
        assert not answer.path.exists()
    assert ask(stopped, digest=DIGEST).media_type == "image/jpeg"


@pytest.mark.parametrize(
    "parameters", [{"name": "other.csv"}, {"name": "../x"}, {"digest": "cd" * 32}, {"digest": "../../catalog.db"}]
)
def test_nothing_else_is_sent(ask, stopped, run, parameters):
    assert ask(stopped, **parameters).status_code == 404
    assert ask("no such job", **parameters).status_code == 404
    assert ask(run, **parameters).status_code == 404  # a job of another kind


def test_a_filter_that_no_file_meets_is_said(tab, stopped, workspace):
    with PredictionStore(workspace.settings.predictions / stopped / PREDICTIONS_FILE) as store:
        assert store.count(PredictionFilter(corrected=True)) == 0
    next(one for one in tab.get("button_group") if one.label == "Show").set_value("Corrected").run()
    assert "No image is like this." in tab.info[0].value


def test_another_class_of_many_is_chosen_once_and_changed_by_a_key(tab, stopped, workspace):
    classes = [f"class {number}" for number in range(11)]
    with PredictionStore(workspace.settings.predictions / stopped / PREDICTIONS_FILE) as store:
        store.set_property("classes", classes)
        button(tab, "Check one by one").click().run()
        for chosen in ("class 10", "class 9"):
            next(one for one in tab.selectbox if one.label == "Another class").set_value(chosen).run()
            assert not tab.exception
            assert next(store.read()).final_class == chosen
        button(tab, "class 0").click().run()
        assert next(store.read()).final_class == "class 0"
        assert next(one for one in tab.selectbox if one.label == "Another class").value is None


def test_a_correction_that_cannot_be_stored_says_so(tab, stopped, workspace, monkeypatch):
    monkeypatch.setattr(prediction_store, "WAIT_SECONDS", 0)
    path = workspace.settings.predictions / stopped / PREDICTIONS_FILE
    button(tab, "Check one by one").click().run()
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        button(tab, "squares").click().run()
        assert "is being written by another process. Try again in a moment." in tab.error[0].value
        tab.slider[0].set_value(70).run()
        assert "is being written by another process. Try again in a moment." in tab.error[0].value
    button(tab, "squares").click().run()
    with PredictionStore(path) as store:
        assert next(store.read()).final_class == "squares"


@pytest.mark.usefixtures("ask")
def test_a_zip_that_cannot_be_written_to_its_end_is_no_download(stopped, workspace):
    folder = workspace.settings.predictions / stopped
    open_copies(folder).put_file(folder / PREDICTIONS_FILE, DIGEST)
    assert b"circles/a.jpg" in b"".join(predicted_files._stream_zip(folder))
    with PredictionStore(folder / PREDICTIONS_FILE) as store:
        store.set_property("threshold", 0.1)
    with contextlib.closing(sqlite3.connect(folder / PREDICTIONS_FILE)) as damaged, damaged:
        damaged.execute("DROP TABLE predictions")
    with pytest.raises(GraftError, match=r"holds no predictions"):
        b"".join(predicted_files._stream_zip(folder))


def test_the_pictures_of_a_folder_or_burst_share_a_prediction_and_a_correction(tab, stopped, workspace):
    def choose(label, value):
        next(one for one in tab.get("button_group") if one.label == label).set_value(value).run()
        assert not tab.exception

    with PredictionStore(workspace.settings.predictions / stopped / PREDICTIONS_FILE) as store:
        for number, (sure, minute) in enumerate([(0.4, 0), (0.3, 0), (0.9, 30)]):
            time = f"2026-05-01T08:{minute:02}:0{number}"
            rest = ("circles", 1 - sure) if sure < 0.5 else ("squares", sure)
            other = ("squares", sure) if sure < 0.5 else ("circles", 1 - sure)
            store.add([StoredPrediction(f"c/{number}.jpg", *rest, *other, none_of_these=False, time=time)])
        choose("One prediction for", "Each folder")
        assert "2 folders, 0 need a look." in text_of(tab)
        choose("One prediction for", "Each burst")
        assert "3 bursts, 0 need a look." in text_of(tab)
        assert store.property("events") == "burst"
        tab.slider[0].set_value(66).run()
        choose("Show", "Needs a look")
        button(tab, "Check one by one").click().run()
        assert "**a.jpg** (1 of 2)" in text_of(tab)
        assert "Predicted together: " in text_of(tab)
        button(tab, "Next").click().run()
        assert "2 pictures · 100% of those that vote agree · 2026-05-01 08:00:00 to 2026-05-01 08:00:01" in text_of(tab)
        button(tab, "squares").click().run()
        assert [one.file for one in store.read(PredictionFilter(corrected=True))] == ["c/0.jpg", "c/1.jpg"]
        assert "3 bursts, 1 needs a look." in text_of(tab)
        button(tab, "circles").click().run()  # the class that is predicted already
        assert "3 bursts, 1 needs a look." in text_of(tab)
        choose("Show", "All")
        assert "(1 of 3)" in text_of(tab)
        button(tab, "circles").click().run()
        assert "(2 of 3)" in text_of(tab)
