"""The main job without a network: the drawn sample set, the starter, every page. Makes the README's pictures.

With GRAFT_SCREENSHOTS naming a folder, the pictures are kept there; otherwise they are thrown away.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from core.intake.samples import SAMPLES

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

LONG = 120_000
# Components draw in a shadow tree of their own, which `document.images` leaves out.
LOADED = """() => {
  const images = (root) => [...root.querySelectorAll("*")].flatMap(
    (one) => [...(one.localName === "img" ? [one] : []), ...(one.shadowRoot ? images(one.shadowRoot) : [])]);
  return images(document)
    .filter((image) => image.getBoundingClientRect().top < window.innerHeight)
    .every((image) => image.complete && image.naturalWidth);
}"""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("GRAFT_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_the_drawn_sample_set_is_learned_without_a_network(
    server: "Server", new_tab: Callable[..., "Page"], pictures: Path
):
    sample = SAMPLES["leaves"]
    tab = new_tab(server.url)
    tab.get_by_role("button", name=f"Try “{sample.title}”").wait_for()
    take_picture(tab, pictures / "home.png")

    tab.get_by_role("button", name=f"Try “{sample.title}”").click()
    expect(tab.get_by_text(f"{sample.images} images, 0 chosen")).to_be_visible(timeout=LONG)
    expect(tab.get_by_text("Adding images")).to_have_count(0, timeout=LONG)
    take_picture(tab, pictures / "images.png")

    go(tab, "Check")
    tab.get_by_role("button", name="Check the images").click()
    expect(tab.get_by_text(f"Checked just now, {sample.images} images with Starter.")).to_be_visible(timeout=LONG)
    take_picture(tab, pictures / "check.png")

    go(tab, "Model")
    expect(tab.get_by_text("Trained on images drawn by formulas").first).to_be_visible()
    expect(tab.get_by_role("button", name="Start training")).to_be_enabled()
    take_picture(tab, pictures / "model.png")
    tab.get_by_role("button", name="Start training").click()
    expect(tab.get_by_text("Finished").first).to_be_visible(timeout=LONG)
    take_picture(tab, pictures / "train.png")

    go(tab, "Results")
    expect(tab.get_by_text("Accuracy").first).to_be_visible()
    take_picture(tab, pictures / "results.png")


def go(tab: "Page", page: str) -> None:
    tab.get_by_test_id("stSidebar").get_by_role("link", name=page, exact=True).click()
    tab.get_by_role("heading", name=page, level=1).wait_for()


def take_picture(tab: "Page", path: Path) -> None:
    """Take a picture once the page stands still and every image in the window is loaded."""
    expect(tab.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()
    tab.wait_for_function(LOADED)
    tab.screenshot(path=path)
