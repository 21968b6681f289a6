"""The Results page, in a real browser: from a cell of the confusion matrix to a repaired image."""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from core.catalog.items import Filter, list_items
from core.catalog.runs import list_runs
from core.dataset.manifest import TEST
from core.evaluation.inference.predictions import Predictions, read_predictions
from core.evaluation.metrics.mcnemar import compare
from core.evaluation.report.report import read_report
from core.training.recipe import Backbone, Phase, Recipe, load_recipe
from tests.browser.conftest import Server
from tests.browser.narrow import expect_no_sideways_scrolling
from tests.finished_runs import Workspace, add_project, add_run

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # cold workers import frameworks first

# A run that ends within seconds, as warm workers do.
QUICK = Recipe(
    backbone=Backbone(name="Starter", weights="starter", input_size=32), head_phase=Phase(epochs=2, learning_rate=1e-2)
)
CLASSES = ("circles", "squares", "rings & <b>dots</b>")


@pytest.fixture(scope="module")
def workspace(server: Server) -> Workspace:
    return Workspace(server.settings, server.database)


@pytest.fixture
def project(workspace: Workspace) -> str:
    return add_project(workspace, CLASSES, images=20)


@pytest.fixture
def run(workspace: Workspace, project: str) -> str:
    return add_run(workspace, project, accuracy=0.5, recipe=QUICK)


@pytest.fixture
def results_page(server: Server, tab: Page, project: str, run: str) -> Page:
    tab.goto(f"{server.url}/report?project={project}&run={run}")
    expect(chart_of(tab)).to_be_visible()
    expect_drawn(tab)
    return tab


def expect_drawn(tab: Page) -> None:
    """Wait until the server has drawn the page."""
    expect(tab.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()


def chart_of(tab: Page) -> Locator:
    return tab.locator(".js-plotly-plot .nsewdrag").first


def click_cell(tab: Page, row: int, column: int) -> None:
    """Click beside the middle of a cell, as a person does."""
    box = chart_of(tab).bounding_box()
    assert box is not None
    width, height = box["width"] / len(CLASSES), box["height"] / len(CLASSES)
    chart_of(tab).click(position={"x": width * (column + 0.7), "y": height * (row + 0.3)})


def read_results(server: Server, run: str) -> Predictions:
    return read_predictions(server.settings.runs / run / "predictions.csv").of_split(TEST)


def a_confused_pair(server: Server, run: str) -> tuple[int, int, int]:
    report = read_report(server.settings.runs / run)
    pair = report.mistakes.confused_pairs[0]
    return report.classes.index(pair.true), report.classes.index(pair.predicted), pair.images


def test_a_cell_opens_its_images_and_one_of_them_is_moved(results_page: Page, server: Server, project: str, run: str):
    row, column, images = a_confused_pair(server, run)
    click_cell(results_page, row, column)
    expect(results_page.get_by_text(re.compile(rf"{images} images?, 0 chosen"))).to_be_visible()
    expect(results_page.get_by_text(f"true: {CLASSES[row]}").first).to_be_visible()

    results_page.get_by_role("button", name=re.compile("^Choose .*png")).first.click()
    expect(results_page.get_by_text("1 chosen")).to_be_visible()
    results_page.get_by_role("button", name="Move to class").click()
    results_page.get_by_role("menuitem", name=CLASSES[column], exact=True).click()

    expect(results_page.get_by_text("1 image got another class")).to_be_visible()
    expect(results_page.get_by_text(f"now {CLASSES[column]}")).to_be_visible()
    moved = [item for item in list_items(server.database, project) if item.label not in item.name]
    assert [(item.label, item.relabelled_by_model) for item in moved] == [(CLASSES[column], True)]
    expect(results_page.get_by_text("points come from 1 new label")).to_be_visible()
    expect(results_page.get_by_text("1 test image got another class because a network disagreed")).to_be_visible()

    results_page.get_by_role("button", name="Retrain with the fixes").click()
    expect(results_page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    assert list_runs(server.database, project)[0].name == "Run 1, with fixes"
    results_page.get_by_role("button", name="See the results").click()

    expect(
        results_page.get_by_text("the same recipe as “Run 1”; since then, 1 image got another class")
    ).to_be_visible()
    retrained = list_runs(server.database, project)[0]
    assert read_report(server.settings.runs / retrained.id).metrics.test.relabelled_by_model == 1
    before, after = (read_results(server, one.id) for one in reversed(list_runs(server.database, project)))
    paired = compare(before, after)
    assert paired.images == len(before) - 1  # all but the one that was moved
    expect(results_page.get_by_text(paired.describe())).to_be_visible()


def test_transfer_is_compared_with_scratch_in_one_click(results_page: Page, server: Server, project: str, run: str):
    open_part(results_page, "All runs")
    results_page.get_by_role("button", name="Train it from scratch to compare").click()
    expect(results_page.get_by_role("button", name="See the results")).to_be_visible()
    results_page.goto(f"{server.url}/report?project={project}&run={run}&results-part=All+runs")
    expect(results_page.get_by_label(re.compile("^Validation accuracy over the epochs: with transfer"))).to_be_visible()
    expect(results_page.get_by_text(re.compile("reached in epoch .* with transfer, in epoch"))).to_be_visible()
    scratch, _ = list_runs(server.database, project)
    assert load_recipe(scratch.recipe).strategy == "scratch"


def test_an_image_is_set_aside_and_taken_back(results_page: Page, server: Server, project: str, run: str):
    row, column, _ = a_confused_pair(server, run)
    click_cell(results_page, row, column)
    results_page.get_by_role("button", name=re.compile("^Choose .*png")).first.click()
    results_page.get_by_role("button", name="Set aside").click()
    expect(results_page.get_by_text("1 image was set aside or deleted")).to_be_visible()
    assert len(list_items(server.database, project, Filter(excluded=True))) == 1
    results_page.get_by_role("button", name="Undo: 1 image set aside").click()
    expect(results_page.get_by_text("was set aside or deleted")).to_have_count(0)
    assert not list_items(server.database, project, Filter(excluded=True))


def test_a_cell_can_be_chosen_without_a_mouse(results_page: Page, server: Server, run: str):
    _, _, images = a_confused_pair(server, run)
    cells = results_page.get_by_role("combobox", name="Images of the cell")
    cells.click(trial=True)  # scrolls to it and waits until it stands still: an open list closes when the page scrolls
    cells.press("ArrowDown")
    expect(results_page.get_by_role("option").first).to_be_visible()
    cells.press("Enter")
    expect(results_page.get_by_text(re.compile(rf"{images} images?, 0 chosen"))).to_be_visible()


def test_images_are_viewed_and_selected_on_a_map_that_a_worker_computes(results_page: Page):
    open_part(results_page, "Map")
    results_page.get_by_role("radio", name="By neighbours (t-SNE)").click()
    map_ = results_page.get_by_label(re.compile("^Map of 60 images in 3 groups; horizontal axis near means similar"))
    expect(map_).to_be_visible()
    map_.press("ArrowRight")
    name = results_page.get_by_role("status").filter(
        has_text=re.compile(r"^(\w+|rings .*) \d+\.png, true class: .*, predicted class: .* \(\d+%\)")
    )
    expect(name).to_be_attached()
    expect_picture(results_page)
    map_.press("Enter")
    expect(results_page.get_by_text("1 image, 0 chosen")).to_be_visible()

    results_page.get_by_role("button", name=CLASSES[2], exact=True).click()
    encircle_all(map_)
    expect(results_page.get_by_text("20 images, 0 chosen")).to_be_visible()
    rest_on_a_point(map_)
    results_page.get_by_role("button", name=CLASSES[2], exact=True).click()
    encircle_all(map_)
    expect(results_page.get_by_text("60 images, 0 chosen")).to_be_visible()
    results_page.get_by_role("button", name=re.compile("^Choose .*png")).first.click()
    results_page.get_by_role("button", name="Set aside").click()
    expect(results_page.get_by_text("1 image was set aside or deleted")).to_be_visible()


def encircle_all(map_: Locator) -> None:
    map_.scroll_into_view_if_needed()
    box, mouse = map_.bounding_box(), map_.page.mouse
    assert box is not None
    left, right, top, bottom = box["x"] + 4, box["x"] + box["width"] - 4, box["y"] + 4, box["y"] + box["height"] - 4
    mouse.move(left, bottom)  # the page's header may lie over the top
    mouse.down()
    for x, y in ((right, bottom), (right, top), (left, top), (left, bottom)):
        mouse.move(x, y, steps=8)
    mouse.up()


def expect_picture(tab: Page) -> None:
    """The card of the image that is looked at, with its picture loaded."""
    picture = tab.locator(".card img")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 96)


def rest_on_a_point(map_: Locator) -> None:
    """Sweep over the map until the mouse rests on an image."""
    box, card = map_.bounding_box(), map_.page.locator(".card")
    assert box is not None
    for height in np.linspace(0.1, 0.9, 17):
        for width in np.linspace(0.1, 0.9, 33):
            map_.page.mouse.move(box["x"] + width * box["width"], box["y"] + height * box["height"])
            if card.is_visible():
                expect(card).to_contain_text("predicted class: ")
                expect_picture(map_.page)
                return
    raise AssertionError("nowhere on the map a picture appears")


def test_every_chart_says_what_it_shows(results_page: Page):
    for part in ("Confusion", "Classes", "Confidence", "Training"):
        open_part(results_page, part)
        charts = results_page.get_by_role("tabpanel", name=part, exact=True).get_by_test_id("stPlotlyChart")
        expect(charts.first).to_be_visible()
        expect_drawn(results_page)
        for chart in charts.all():
            expect(chart).to_have_attribute("aria-label", re.compile(r".{30}"))


def test_runs_are_opened_and_deleted_from_the_table(
    server: Server, tab: Page, workspace: Workspace, project: str, run: str
):
    second = add_run(workspace, project, accuracy=0.9, seed=1, name="Second")
    tab.goto(f"{server.url}/report?project={project}&run={run}&results-part=All+runs")
    tab.locator(".dvn-scroller").click(position={"x": 15, "y": 50})
    tab.get_by_role("button", name="Open Second").click()
    expect(tab).to_have_url(re.compile(f"run={second}"))

    for row in (1, 2):
        tab.locator(".dvn-scroller").click(position={"x": 15, "y": 15 + 35 * row})
    tab.get_by_role("button", name="Delete 2 runs").click()
    tab.get_by_role("button", name="Delete for good").click()
    expect(tab.get_by_text("There is no run yet.")).to_be_visible()
    assert list_runs(workspace.database, project) == []
    assert not (workspace.settings.runs / second).exists()


def test_it_fits_a_narrow_screen(server: Server, tab: Page, project: str, run: str):
    tab.set_viewport_size({"width": 420, "height": 900})
    tab.goto(f"{server.url}/report?project={project}&run={run}")
    for part in ("Confusion", "Mistakes", "Map", "Classes", "Confidence", "Training", "All runs"):
        open_part(tab, part)
        expect_no_sideways_scrolling(tab)


def open_part(tab: Page, part: str) -> None:
    tab.get_by_role("tab", name=part, exact=True).click()
    expect(tab.get_by_role("tab", name=part, exact=True)).to_have_attribute("aria-selected", "true")
    expect_drawn(tab)
