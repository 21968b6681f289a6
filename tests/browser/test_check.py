"""The Check page, in a real browser and with real workers: planted copies are found, repaired and brought back."""

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Page, expect

from core.catalog.items import Filter, count_items
from core.catalog.projects import create_project
from tests.browser.conftest import Server
from tests.browser.narrow import expect_no_sideways_scrolling

pytestmark = pytest.mark.browser

CLASSES, IMAGES, COPIES = ("red", "blue"), 12, 3


def _patches(number: int, channel: int) -> Image.Image:
    patches = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
    patches[..., channel] //= 3
    return Image.fromarray(patches).resize((96, 96), Image.Resampling.BICUBIC)


def _write_zip(path: Path) -> Path:
    """Patches of two classes, and of the first three red ones a smaller and a mirrored copy."""
    with zipfile.ZipFile(path, "w") as archive:
        for channel, label in ((2, "red"), (0, "blue")):
            for number in range(IMAGES):
                with archive.open(f"patches/{label}/{label}-{number:02}.png", "w") as file:
                    _patches(100 * channel + number, channel).save(file, "PNG")
        for number in range(COPIES):
            with archive.open(f"patches/red/copy of {number}.png", "w") as file:
                _patches(200 + number, 2).resize((64, 64)).save(file, "PNG")
            with archive.open(f"patches/red/mirrored {number}.png", "w") as file:
                ImageOps.mirror(_patches(200 + number, 2)).save(file, "PNG")
    return path


def test_planted_copies_are_found_repaired_in_one_click_and_brought_back(server: Server, tab: Page, tmp_path: Path):
    project = create_project(server.database, "Patches")
    tab.goto(f"{server.url}/findings?project={project}")
    expect(tab.get_by_text("There are no images yet.")).to_be_visible()
    tab.goto(f"{server.url}/dataset?project={project}")
    upload = tab.get_by_test_id("stFileUploader").filter(has_text="An archive with one folder a class")
    upload.locator("input[type=file]").set_input_files(_write_zip(tmp_path / "patches.zip"))
    expect(tab.get_by_text("30 images, 0 chosen")).to_be_visible()

    tab.goto(f"{server.url}/findings?project={project}")
    tab.get_by_role("button", name="Check the images").click()
    expect(tab.get_by_role("heading", name=re.compile(r"things? to look at"))).to_be_visible()
    expect(tab.get_by_text("9 images are the same picture as another one")).to_be_visible()
    found = tab.get_by_role("group", name="Images found by the check “The same picture, changed”")
    expect(found.get_by_role("button", name=re.compile(r"^Choose .*copy of 1\.png"))).to_be_visible()
    expect(found.locator("img")).to_have_count(9)
    for image in found.locator("img").all():
        expect(image).not_to_have_js_property("naturalWidth", 0)

    expect(tab.get_by_text("Keep one of each, set the chosen ones aside:")).to_be_visible()
    expect(tab.get_by_role("button", name="Set aside 0 chosen images")).to_be_disabled()
    for number in range(COPIES):
        found.get_by_role("button", name=re.compile(rf"^Choose .*copy of {number}\.png")).click()
    tab.get_by_role("button", name="Set aside 3 chosen images").click()
    expect(tab.get_by_role("button", name="Undo: 3 images set aside")).to_be_visible()
    expect(tab.get_by_text("6 images of 9 left; the others are repaired.")).to_be_visible()
    assert count_items(server.database, project, Filter(excluded=True)) == COPIES
    tab.get_by_role("button", name="Undo: 3 images set aside").click()
    expect(tab.get_by_role("button", name="Undo: 3 images set aside")).to_have_count(0)
    assert count_items(server.database, project, Filter(excluded=True)) == 0

    tab.get_by_role("spinbutton", name="Folds (k)").fill("3")
    tab.get_by_role("button", name="Cross-validate").click()
    expect(tab.get_by_text("The 3 folds:")).to_be_visible()
    tab.set_viewport_size({"width": 390, "height": 844})
    expect_no_sideways_scrolling(tab)
