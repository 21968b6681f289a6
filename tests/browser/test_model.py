"""The Model page, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.backbones.zoo import find_backbone
from core.catalog.projects import load_draft, save_draft
from core.catalog.runs import list_runs
from core.training.recipe import Backbone, Recipe, load_recipe
from pages.shared.draft import Draft, dump_draft
from pages.shared.draft import load_draft as read_draft
from tests.browser.conftest import Server
from tests.browser.narrow import expect_drawn, expect_no_sideways_scrolling
from tests.finished_runs import Workspace, add_project
from tests.measured_advice import CUTS, RECIPE, add_curve, add_search, curve

pytestmark = pytest.mark.browser


@pytest.fixture
def project(server: Server) -> str:
    return add_project(Workspace(server.settings, server.database), images=8)


@pytest.fixture
def model_page(server: Server, tab: Page, project: str) -> Page:
    tab.goto(f"{server.url}/network?project={project}")
    expect(tab.get_by_role("button", name="Start training")).to_be_visible()
    return tab


def recipe_of(server: Server, project: str):
    return read_draft(load_draft(server.database, project)[0]).recipe


def test_the_keyboard_moves_the_cut_and_the_picture_follows(model_page: Page, server: Server, project: str):
    model_page.get_by_text("Train the head and the last layers").click()
    cut = model_page.get_by_role("slider", name="Frozen up to")
    expect(cut).to_have_attribute("aria-valuetext", re.compile("block"))
    before = model_page.get_by_alt_text("The network as a strip").get_attribute("alt")
    cut.press("ArrowLeft")
    expect(model_page.get_by_alt_text("The network as a strip")).not_to_have_attribute("alt", before or "")
    expect(cut).to_be_focused()
    number = model_page.get_by_role("spinbutton", name="Frozen layers")
    expect(number).to_have_value(str(_layers(server, project)))


def test_an_exact_number_of_layers_can_be_typed_and_outlives_a_reload(model_page: Page, server: Server, project: str):
    model_page.get_by_text("Train the head and the last layers").click()
    number = model_page.get_by_role("spinbutton", name="Frozen layers")
    expect(number).to_be_visible()
    layers = find_backbone(recipe_of(server, project).backbone.name).layers
    number.fill("20")
    number.press("Enter")
    expect(model_page.get_by_text(f"20 of {layers}", exact=True)).to_be_visible()
    model_page.reload()
    expect(model_page.get_by_role("spinbutton", name="Frozen layers")).to_have_value("20")


def test_variations_are_shown_on_ones_own_images(model_page: Page):
    model_page.get_by_text("Variations of the training images").click()
    slider = model_page.get_by_role("slider", name="Variations of each training image")
    slider.press("ArrowRight")
    expect(model_page.get_by_alt_text("random variations of it")).to_have_count(3)


def test_all_networks_can_be_filtered(model_page: Page):
    model_page.get_by_text("networks: filter, sort, compare").click()
    model_page.get_by_role("combobox", name="Family").click()
    model_page.get_by_role("option", name="VGG").click()
    expect(model_page.get_by_text("table of available models")).to_be_visible()
    expect(model_page.get_by_label("2 networks with their size and accuracy").first).to_be_visible()


def test_it_fits_a_narrow_screen(server: Server, tab: Page, project: str):
    tab.set_viewport_size({"width": 420, "height": 900})
    tab.goto(f"{server.url}/network?project={project}")
    expect(tab.get_by_role("button", name="Start training")).to_be_visible()
    expect_no_sideways_scrolling(tab)


def _layers(server: Server, project: str) -> int:
    from core.training.plan import make_plan

    return make_plan(recipe_of(server, project), classes=2).frozen_layers


def test_the_sheet_of_the_starter_is_drawn_anew(server: Server, tab: Page, project: str):
    recipe = Recipe(backbone=Backbone(name="Starter", weights="starter"))
    save_draft(server.database, project, dump_draft(Draft(recipe=recipe)), 0)
    tab.goto(f"{server.url}/network?project={project}")
    tab.get_by_role("button", name="See what the starter learned from").click()
    dialog = tab.get_by_role("dialog")
    expect(dialog.get_by_text("Sheet 1")).to_be_visible()
    first = dialog.get_by_role("img").last.get_attribute("src")
    dialog.get_by_role("button", name="Draw another sheet").click()
    expect(dialog.get_by_text("Sheet 2")).to_be_visible()
    expect(dialog.get_by_role("img").last).not_to_have_attribute("src", first or "")


def test_a_click_on_a_point_of_the_freezing_curve_takes_its_cut(server: Server, tab: Page, project: str):
    save_draft(server.database, project, dump_draft(Draft(recipe=RECIPE)), 0)
    add_curve(server.database, project, curve(trials=True))
    tab.goto(f"{server.url}/network?project={project}")
    expect(tab.get_by_text("was best of 2 ways that were tried")).to_be_visible()
    expect_drawn(tab)
    chart = tab.get_by_test_id("stPlotlyChart").filter(has_text="share of the layers that is frozen")
    chart.scroll_into_view_if_needed()
    box = chart.locator(".scatterlayer .trace").first.locator(".point").nth(1).bounding_box()
    assert box is not None
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(tab.get_by_role("spinbutton", name="Frozen layers")).to_have_value(str(CUTS[1].layers))
    assert recipe_of(server, project).cut == CUTS[1].name
    tab.get_by_role("button", name="Take it").click()
    expect(tab.get_by_text("The recommended cut is chosen")).to_be_visible()
    tab.set_viewport_size({"width": 420, "height": 900})
    expect_no_sideways_scrolling(tab)


def test_a_recipe_that_was_tried_is_picked_in_the_table_and_started(server: Server, tab: Page, project: str):
    save_draft(server.database, project, dump_draft(Draft(recipe=RECIPE)), 0)
    found = add_search(server.database, project)
    tab.goto(f"{server.url}/network?project={project}")
    expect(tab.get_by_text("is the best of 3 recipes")).to_be_visible()
    panel = tab.get_by_test_id("stDataFrame").first
    box = panel.bounding_box()
    assert box is not None
    row = box["height"] / (len(found.tried) + 1)
    tab.mouse.click(box["x"] + 20, box["y"] + 2.5 * row)
    expect(tab.get_by_text("A head that learns longer: epochs 60, learning rate 0.004")).to_be_visible()
    expect_no_sideways_scrolling(tab)
    tab.get_by_role("button", name="Start it as a run").click()
    expect(tab).to_have_url(re.compile("/training"))
    (run,) = list_runs(server.database, project)
    assert load_recipe(run.recipe) == load_recipe(found.tried[1].recipe)
