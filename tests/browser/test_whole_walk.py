"""The main job, as a person does it: from a zip of photographs to a prediction of the exported file."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.catalog.runs import list_runs
from core.evaluation.report.report import read_report

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Server

pytestmark = [pytest.mark.browser, pytest.mark.data, pytest.mark.timeout(900)]

LONG = 300_000
SETS = {"hymenoptera": (160, ("ants", "bees"), 0.75), "flowers5_small": (750, ("daisy", "dandelion"), 0.55)}


@pytest.fixture(scope="module")
def server(start_server: Callable[..., "Server"], keras_home: Path) -> "Server":
    return start_server(KERAS_HOME=str(keras_home))


@pytest.mark.parametrize("name", SETS)
def test_from_photographs_to_a_prediction_of_the_exported_file(
    server: "Server", tab: "Page", sample_data: Path, tmp_path: Path, name: str
):
    images, classes, least = SETS[name]
    archive = sample_data / "sets" / f"{name}.zip"
    tab.goto(server.url)
    make_project(tab, name)
    upload(tab, archive, images)
    train(tab)
    accuracy = read_results(tab, server)
    assert accuracy >= least
    picture = first_picture(archive, classes[0], tmp_path)
    try_picture(tab, picture)
    answer = predict_with_bundle(download_bundle(tab, tmp_path), picture)
    assert answer.removeprefix(f"{picture}: ").split()[0] in classes


def make_project(tab: "Page", name: str) -> None:
    tab.get_by_label("Name of a new project").fill(name)
    tab.get_by_role("button", name="Create project").click()
    tab.get_by_role("heading", name="Images", level=1).wait_for()


def upload(tab: "Page", archive: Path, images: int) -> None:
    tab.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(archive)
    tab.get_by_text(f"{images} images were added").first.wait_for(timeout=LONG)


def train(tab: "Page") -> None:
    tab.get_by_test_id("stSidebar").get_by_role("link", name="Model").click()
    tab.get_by_role("button", name="Start training").click()
    tab.get_by_role("heading", name="Train", level=1).wait_for()
    tab.reload()
    tab.get_by_text("Finished").first.wait_for(timeout=LONG)


def read_results(tab: "Page", server: "Server") -> float:
    """Give the accuracy on the test split, once the page shows the one of the report."""
    tab.get_by_test_id("stSidebar").get_by_role("link", name="Results").click()
    tab.get_by_role("heading", name="Results", level=1).wait_for()
    project = tab.url.split("project=")[1].split("&")[0]
    run = list_runs(server.database, project)[0]
    accuracy = read_report(server.settings.runs / run.id).metrics.test.accuracy
    tab.get_by_text(f"{accuracy * 100:.1f}%").first.wait_for()
    return accuracy


def first_picture(archive: Path, label: str, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as opened:
        member = next(one for one in opened.namelist() if f"/{label}/" in one and not one.endswith("/"))
        return Path(opened.extract(member, folder))


def try_picture(tab: "Page", picture: Path) -> None:
    tab.get_by_test_id("stSidebar").get_by_role("link", name="Use", exact=True).click()
    tab.get_by_role("heading", name="Use", exact=True, level=1).wait_for()
    tab.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(picture)
    tab.get_by_text("% sure").first.wait_for(timeout=LONG)


def download_bundle(tab: "Page", folder: Path) -> Path:
    tab.get_by_test_id("stSidebar").get_by_role("link", name="Export").click()
    tab.get_by_role("heading", name="Export", level=1).wait_for()
    tab.get_by_role("button", name="Pack the bundle").click()
    button = tab.get_by_role("button", name="Download")
    button.wait_for(timeout=LONG)
    with tab.expect_download() as download:
        button.click()
    path = folder / "bundle.zip"
    download.value.save_as(path)
    return path


def predict_with_bundle(bundle: Path, picture: Path) -> str:
    """Run the bundle's own script in a fresh Python process, in its own folder, away from Graft's code."""
    folder = bundle.parent / "home"
    with zipfile.ZipFile(bundle) as opened:
        opened.extractall(folder)
    script = next(folder.rglob("predict.py"))
    run = subprocess.run(
        [sys.executable, script.name, picture], cwd=script.parent, capture_output=True, text=True, check=True
    )
    return run.stdout
