"""The camera burst, with Chromium's own drawn camera."""

import pytest
from playwright.sync_api import Page, expect

from core.catalog.items import list_items
from core.catalog.labels import list_labels
from core.catalog.projects import list_projects
from tests.browser.conftest import Server

pytestmark = pytest.mark.browser


def test_two_classes_are_named_at_home_and_images_taken_as_long_as_a_button_is_held(server: Server, tab: Page):
    tab.goto(server.url)
    tab.get_by_text("Make your own in a minute").click()
    tab.get_by_label("Second class").fill("fist")
    tab.get_by_role("button", name="Open the camera").click()
    expect(tab.get_by_role("button", name="Hold to take images of fist")).to_be_visible()
    project = list_projects(server.database)[0].id
    tab.get_by_label("A new class").fill("palm")
    tab.get_by_test_id("stExpander").get_by_role("button", name="Add class").click()
    expect(tab.get_by_role("button", name="Hold to take images of palm")).to_be_visible()
    assert [label.name for label in list_labels(server.database, project)] == ["thumb up", "fist", "palm"]
    button = tab.get_by_role("button", name="Hold to take images of thumb up")
    expect(button).to_be_enabled()
    expect(button).to_contain_text("0 images")

    button.hover()
    tab.mouse.down()
    expect(button).to_contain_text("7 images")
    tab.mouse.up()
    expect(tab.get_by_role("tab", name="Images", exact=True)).to_be_visible()
    expect(tab.get_by_text("images, 0 chosen")).to_be_visible()
    expect(button).to_be_visible()  # the next class can be held at once

    items = list_items(server.database, project)
    assert len(items) >= 7
    assert {item.label for item in items} == {"thumb up"}
    assert len({item.group for item in items}) == 1
    assert {(item.width, item.height) for item in items} == {(640, 480)}
    assert not list(server.settings.uploads.glob("burst-*"))
