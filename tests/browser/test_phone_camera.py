"""A phone that scans the code on the Images page, as a second browser of a phone's size."""

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from core.catalog.items import list_items
from core.catalog.projects import create_project
from tests.browser.narrow import expect_no_sideways_scrolling
from tests.browser.pictures import jpeg

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


NAME = "graft.test"


@pytest.fixture(scope="module")
def server(start_server):
    """A server that is found by a name in the network."""
    return start_server(STREAMLIT_BROWSER_SERVER_ADDRESS=NAME, GRAFT_WARM="no")


def test_pictures_of_a_phone_appear_on_the_images_page_by_themselves(server, tab: Page, new_tab, tmp_path):
    project = create_project(server.database, "Birds")
    tab.goto(f"{server.url.replace('127.0.0.1', NAME)}/dataset?project={project}")
    tab.get_by_role("radio", name="A phone").click()
    box = tab.get_by_role("combobox", name="Class of the pictures")
    box.fill("robins")  # the first one
    box.press("Enter")
    expect(tab.get_by_text("robins has 0 images.")).to_be_visible()
    link = _scan(tab)
    assert link == tab.get_by_test_id("stCode").inner_text().strip()
    tab.set_viewport_size(PHONE["viewport"])
    expect_no_sideways_scrolling(tab)

    phone = new_tab(link, **PHONE)
    expect(phone.get_by_role("heading", name="Birds")).to_be_visible()
    expect(phone.get_by_role("combobox", name="Class")).to_have_value(link.partition("class=")[2])
    # Without https a phone's browser gives the page no camera; its own camera app takes the picture.
    expect(phone.get_by_role("button", name="Open the camera on this page")).to_be_hidden()
    camera = phone.get_by_label("Take a picture")
    assert camera.get_attribute("capture") == "environment"
    (tmp_path / "image.jpg").write_bytes(jpeg("robins", 1))
    camera.set_input_files(tmp_path / "image.jpg")
    expect(phone.get_by_text("1 picture added")).to_be_visible()
    expect(tab.get_by_text("robins has 1 image.")).to_be_visible()

    (tmp_path / "other.jpg").write_bytes(jpeg("robins", 2))
    (tmp_path / "text.jpg").write_text("no picture")
    phone.get_by_label("Choose pictures of this phone").set_input_files([tmp_path / "other.jpg", tmp_path / "text.jpg"])
    expect(phone.get_by_text("2 pictures added, 1 rejected")).to_be_visible()
    expect(phone.get_by_text("text.jpg: It is not an image, or it is badly damaged.")).to_be_visible()
    expect(phone.get_by_role("combobox", name="Class")).to_contain_text("robins (2)")
    expect(tab.get_by_text("robins has 2 images.")).to_be_visible()

    # On this machine itself, as with https, the page has the camera.
    burst = new_tab(link.replace(NAME, "127.0.0.1"), **PHONE)
    burst.get_by_role("button", name="Open the camera on this page").click()
    hold = burst.get_by_role("button", name="Hold to take pictures")
    hold.hover()
    burst.mouse.down()
    expect(burst.locator("#status")).to_contain_text("3 ")
    burst.mouse.up()
    expect(burst.locator("#status")).to_contain_text("added")
    items = list_items(server.database, project)
    assert {item.label for item in items} == {"robins"}
    assert len({item.group for item in items if item.group}) == 1


def _scan(tab: Page) -> str:
    """The link that a phone's camera reads off the page."""
    code = tab.get_by_role("img", name="A code to scan with a phone")
    expect(code).to_be_visible()
    (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(code.screenshot())))
    return found.text
