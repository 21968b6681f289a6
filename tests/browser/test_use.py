"""The Use page in a real browser: predictions of files are looked through, corrected by keyboard, taken away."""

import io
import re
import zipfile

import numpy as np
import pytest
from openpyxl import load_workbook
from PIL import Image
from playwright.sync_api import Page, expect

from core.catalog import items, jobs
from core.jobs.specs import IngestSpec, PredictFilesResult, PredictFilesSpec
from core.use.prediction_store import PREDICTIONS_FILE, PredictionStore, StoredPrediction, open_copies
from tests.browser.conftest import Server
from tests.browser.narrow import expect_no_sideways_scrolling
from tests.finished_runs import Workspace, add_project, add_run
from tests.unit.jobs.watching import wait_for_end

pytestmark = pytest.mark.browser

FILES = 60


@pytest.fixture
def workspace(server: Server) -> Workspace:
    return Workspace(server.settings, server.database)


@pytest.fixture
def project(workspace: Workspace) -> str:
    """A project with a run and with the predictions for 60 files, of which one cannot be read."""
    project = add_project(workspace, name="Used")
    run = add_run(workspace, project)
    (workspace.settings.runs / run / "model.keras").touch()
    job = jobs.add_job(workspace.database, project, PredictFilesSpec(run=run, folder="uploads/gone"))
    folder = workspace.settings.predictions / job
    with PredictionStore(folder / PREDICTIONS_FILE) as store:
        store.set_property("classes", ("circles", "squares", "stars"))
        store.add([*(predict(folder, number) for number in range(FILES - 1)), BROKEN])
    jobs.start_job(workspace.database, job)
    jobs.end_job(workspace.database, job, "finished", PredictFilesResult(files=FILES, unreadable=1))
    return project


BROKEN = StoredPrediction("camera/broken.jpg", error="The file is empty.")


def predict(folder, number: int) -> StoredPrediction:
    """Every tenth picture is unsure."""
    copies, digest = open_copies(folder), f"{number:064x}"
    picture = Image.fromarray(np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8)).resize((160, 120))
    for path in (copies.path(digest), copies.thumbnail_path(digest)):
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, "JPEG")
    sure, less_sure = (0.4, 0.35) if number % 10 == 0 else (0.9, 0.06)
    first, second = ("circles", "squares") if number % 3 else ("squares", "circles")
    return StoredPrediction(
        f"camera/{number:03}.jpg", first, sure, second, less_sure, "stars", 0.01, none_of_these=False,
        width=160, height=120, time=f"2026-05-01T08:{number:02}:00", camera="Trail X", latitude=51.5, longitude=-0.1,
        digest=digest,
    )  # fmt: skip


def test_predictions_are_corrected_by_keyboard_taken_away_and_learned_from(
    server: Server, tab: Page, workspace: Workspace, project: str
):
    tab.goto(f"{server.url}/try?project={project}")
    tab.get_by_role("tab", name="Many files").click()
    expect(tab.get_by_text("60 files, by class:")).to_be_visible()
    tab.reload()
    expect(tab.get_by_text("60 files, by class:")).to_be_visible()
    expect(tab.get_by_text("6 images need a look, 1 file cannot be read.")).to_be_visible()
    images = tab.get_by_role("group", name="Predicted images")
    expect(images.locator("img").first).to_have_js_property("naturalWidth", 160)

    tab.get_by_text("Needs a look", exact=True).click()
    expect(images.get_by_role("button")).to_have_count(6)
    tab.get_by_role("button", name="Check one by one").click()
    for number in (0, 10, 20):
        expect(tab.get_by_text(f"camera/{number:03}.jpg (1 of ")).to_be_visible()
        tab.keyboard.press("1" if number % 3 == 0 else "2")
    expect(tab.get_by_text("camera/030.jpg (1 of 3)")).to_be_visible()

    with tab.expect_download() as excel:
        tab.get_by_role("link", name="Table (Excel)").click()
    header, *rows = load_workbook(io.BytesIO(excel.value.path().read_bytes())).active.iter_rows(values_only=True)
    assert (header[0], header[-1], len(rows)) == ("file", "corrected_class", FILES)
    corrected = {row[0]: row[-1] for row in rows if row[-1]}
    assert corrected == {"camera/000.jpg": "circles", "camera/010.jpg": "squares", "camera/020.jpg": "squares"}
    with tab.expect_download() as packed:
        tab.get_by_role("link", name="Images sorted into folders (zip)").click()
    with zipfile.ZipFile(io.BytesIO(packed.value.path().read_bytes())) as archive:
        assert len(archive.namelist()) == FILES - 1
        assert {"circles/000.jpg", "needs a look/030.jpg", "circles/001.jpg"} <= set(archive.namelist())

    tab.get_by_role("button", name="Add 3 corrected pictures to the training images").click()
    expect(tab.get_by_text("The corrected pictures are being added")).to_be_visible()
    (ingest,) = jobs.list_jobs(workspace.database, project_id=project, kinds=(IngestSpec,))
    tab.goto(f"{server.url}/dataset?project={project}")
    expect(tab.get_by_text(re.compile(r"^43 images")).first).to_be_visible()
    assert wait_for_end(workspace.database, ingest.id).status == "finished"
    added = [one for one in items.list_items(workspace.database, project) if re.match(r"\d{5}-", one.name)]
    assert sorted((one.name, one.label, one.split) for one in added) == [
        ("00000-000.jpg", "circles", "train"),
        ("00001-010.jpg", "squares", "train"),
        ("00002-020.jpg", "squares", "train"),
    ]

    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto(f"{server.url}/try?project={project}")
    tab.get_by_role("tab", name="Many files").click()
    tab.get_by_text("Unreadable", exact=True).click()
    expect(tab.get_by_text("The file is empty.")).to_be_visible()
    expect_no_sideways_scrolling(tab)

    tab.get_by_text("All", exact=True).click()
    tab.get_by_text("Each burst").click()
    expect(tab.get_by_text("1 burst, 0 need a look.")).to_be_visible()
    expect(tab.get_by_role("group", name="Predicted events").get_by_role("button")).to_have_count(1)
    expect_no_sideways_scrolling(tab)
