"""The Images page, in a real browser."""

import contextlib
import urllib.request
import zipfile
from pathlib import Path

import psutil
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.catalog.database import Database
from core.catalog.items import Filter, add_rejected_files, list_items, list_rejected_files
from core.catalog.labels import list_labels
from core.catalog.projects import create_project
from core.intake import rejection_messages
from tests.browser.conftest import Server
from tests.browser.pictures import jpeg, write_folder, write_zip
from tests.finished_runs import Workspace, add_project

pytestmark = pytest.mark.browser

TRIES, PATIENCE_MILLISECONDS = 5, 20_000


def test_images_come_from_an_archive_a_folder_files_and_the_camera(server: Server, tab: Page, tmp_path: Path):
    project = create_project(server.database, "Birds")
    tab.goto(f"{server.url}/dataset?project={project}")
    expect(tab.get_by_text("There are no images yet.")).to_be_visible()

    _upload(tab, write_zip(tmp_path))
    expect(tab.get_by_text("20 images, 0 chosen")).to_be_visible()
    assert _counts(server.database, project) == {"robins": 10, "wrens": 10}
    assert {rejected.name.rsplit("/")[-1] for rejected in list_rejected_files(server.database, project)} == {
        "notes.jpg",
        "half.jpg",
    }

    _open_adding(tab, "A folder")
    _upload(tab, write_folder(tmp_path), "A folder that holds one folder a class")
    expect(tab.get_by_text("22 images, 0 chosen")).to_be_visible()

    _open_adding(tab, "Single images")
    expect(tab.get_by_text("Images of this class")).to_be_visible()
    _type_class(tab, "tits")
    single = tmp_path / "tit.jpg"
    single.write_bytes(jpeg("tits", 1))
    _upload(tab, single, "Images of this class")
    tab.get_by_role("button", name="Add 1 image to tits").click()
    expect(tab.get_by_text("23 images, 0 chosen")).to_be_visible()

    _open_adding(tab, "The camera")
    expect(tab.get_by_text("A picture of this class")).to_be_visible()
    _type_class(tab, "tits")
    expect(tab.get_by_role("button", name="Add images to tits")).to_be_visible()  # the class has reached the server
    tab.wait_for_function("document.querySelector('video')?.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA")
    _take_photo(tab)
    tab.get_by_role("button", name="Add 1 image to tits").click()
    expect(tab.get_by_text("24 images, 0 chosen")).to_be_visible()
    assert _counts(server.database, project) == {"robins": 11, "wrens": 11, "tits": 2}
    assert not [path for path in server.settings.uploads.rglob("*") if path.is_file()]


def test_a_typed_class_outlives_a_look_at_another_way(server: Server, tab: Page):
    project = create_project(server.database, "Birds")
    tab.goto(f"{server.url}/dataset?project={project}")
    tab.get_by_role("radio", name="Single images").click()
    _type_class(tab, "tits")
    expect(tab.get_by_role("button", name="Add images to tits")).to_be_visible()
    tab.get_by_role("radio", name="The web").click()
    expect(tab.get_by_text("Images of this class")).to_have_count(0)
    tab.get_by_role("radio", name="Single images").click()
    expect(tab.get_by_role("button", name="Add images to tits")).to_be_visible()
    expect(tab.get_by_test_id("stExpander").get_by_role("combobox", name="Class")).to_have_value("tits")


def test_what_was_refused_is_listed_and_the_list_cleared(server: Server, tab: Page, tmp_path: Path):
    project = create_project(server.database, "Birds")
    tab.goto(f"{server.url}/dataset?project={project}")
    _upload(tab, write_zip(tmp_path, images=1))
    tab.get_by_role("tab", name="Rejected files").click()
    expect(tab.get_by_text("2 files were rejected; all others were added.")).to_be_visible()
    tab.get_by_role("button", name="Clear this list").click()
    expect(tab.get_by_role("tab", name="Rejected files")).to_have_count(0)
    assert list_rejected_files(server.database, project) == []


def test_the_images_are_taken_home(server: Server, tab: Page, tmp_path: Path):
    project = _project(server)
    tab.goto(f"{server.url}/dataset?project={project}&part=Download")
    tab.get_by_role("button", name="Pack the images").click()
    link = tab.get_by_role("link", name="Download 20 images")
    expect(link).to_be_visible()
    with urllib.request.urlopen(f"{server.url}/{link.get_attribute('href')}", timeout=30) as answer:
        (tmp_path / "set.zip").write_bytes(answer.read())
    with zipfile.ZipFile(tmp_path / "set.zip") as archive:
        assert len(archive.namelist()) == 21
        assert archive.testzip() is None


def test_chosen_images_are_moved_and_the_move_is_undone(server: Server, tab: Page):
    project = _project(server)
    tab.goto(f"{server.url}/dataset?project={project}")
    tab.get_by_role("button", name="Choose circles 0.png").click()
    tab.get_by_role("button", name="Choose circles 3.png").click(modifiers=["Shift"])
    expect(tab.get_by_text("20 images, 4 chosen")).to_be_visible()
    _choose_from_menu(tab, "Move to class", "squares")
    expect(tab.get_by_role("button", name="Undo: 4 images moved to squares")).to_be_visible()
    expect(tab.get_by_text("20 images, 0 chosen")).to_be_visible()
    assert _counts(server.database, project) == {"circles": 6, "squares": 14}

    tab.get_by_role("button", name="Undo: 4 images moved to squares").click()
    expect(tab.get_by_role("button", name="Undo: 4 images moved to squares")).to_have_count(0)
    assert _counts(server.database, project) == {"circles": 10, "squares": 10}


def test_images_get_their_first_class_and_the_reason_why_they_have_none_is_in_sight(server: Server, tab: Page):
    project = add_project(Workspace(server.settings, server.database), classes=("",), images=4)
    reason = rejection_messages.NOT_NAMED.format(images=4)
    add_rejected_files(server.database, project, [("labels.csv", reason), ("a.jpg", rejection_messages.EMPTY)])
    tab.goto(f"{server.url}/dataset?project={project}")
    warning = tab.get_by_test_id("stAlert").filter(has_text="4 images have no class")
    expect(warning).to_contain_text(f"labels.csv: {reason}")
    expect(warning).not_to_contain_text("a.jpg")
    tab.get_by_role("button", name="Choose this page").click()
    expect(tab.get_by_text("4 images, 4 chosen")).to_be_visible()
    _choose_from_menu(tab, "Move to class", "A new class …")
    tab.get_by_label("Name of the class of 4 images").fill("larks")
    tab.get_by_role("button", name="Move them").click()
    expect(tab.get_by_role("button", name="Undo: 4 images moved to larks")).to_be_visible()
    expect(warning).to_have_count(0)
    assert _counts(server.database, project) == {"larks": 4}


def test_images_are_set_aside_put_into_a_split_and_deleted(server: Server, tab: Page):
    project = _project(server)
    tab.goto(f"{server.url}/dataset?project={project}")
    _choose_one(tab, "circles 0.png")
    tab.get_by_role("button", name="Set aside").click()
    expect(tab.get_by_role("button", name="Undo: 1 image set aside")).to_be_visible()
    _choose_one(tab, "circles 1.png")
    _choose_from_menu(tab, "Set split", "Test")
    expect(tab.get_by_role("button", name="Undo: 1 image put into Test")).to_be_visible()
    _choose_one(tab, "circles 2.png")
    tab.get_by_role("button", name="Delete").click()
    expect(tab.get_by_role("button", name="Undo: 1 image deleted")).to_be_visible()
    found = {item.name: item for item in list_items(server.database, project)}
    assert found["circles 0.png"].excluded
    assert (found["circles 1.png"].split, found["circles 1.png"].split_fixed) == ("test", True)
    assert "circles 2.png" not in found


def test_a_class_is_shown_alone_and_its_images_are_chosen_by_the_keyboard(server: Server, tab: Page):
    project = _project(server)
    tab.goto(f"{server.url}/dataset?project={project}")
    expect(tab.get_by_text("20 images in 2 classes")).to_be_visible()
    row = tab.locator("[class*=st-key-row-]").filter(has_text="squares")
    expect(row.get_by_role("img", name="Some images of squares").locator("img")).to_have_count(8)
    row.get_by_role("button", name="squares").click()
    expect(tab.get_by_text("10 images, 0 chosen")).to_be_visible()
    expect(tab.get_by_text("in 2 classes")).to_have_count(0)

    tab.get_by_role("button", name="Choose squares 0.png").focus()
    tab.keyboard.press("ArrowRight")
    expect(tab.get_by_role("button", name="Choose squares 1.png")).to_be_focused()
    tab.keyboard.press("Control+a")
    expect(tab.get_by_text("10 images, 10 chosen")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.get_by_text("10 images, 0 chosen")).to_be_visible()
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("Space")
    expect(tab.get_by_text("10 images, 1 chosen")).to_be_visible()
    tab.get_by_role("button", name="Set aside").click()
    expect(tab.locator("figure.muted").get_by_role("button", name="Choose squares 0.png")).to_be_visible()
    tab.get_by_role("button", name="Next: check the images").click()
    expect(tab.get_by_role("heading", name="Check", exact=True)).to_be_visible()


def test_images_are_found_by_name_and_chosen_on_all_pages(server: Server, tab: Page):
    project = _project(server, images=30)
    tab.goto(f"{server.url}/dataset?project={project}")
    tab.get_by_role("button", name="Page 3").click()
    expect(tab.get_by_role("button", name="Choose squares 29.png")).to_be_visible()
    tab.get_by_role("button", name="Choose all 60").click()
    expect(tab.get_by_text("60 images, 60 chosen")).to_be_visible()
    tab.get_by_role("button", name="Choose none").click()
    tab.get_by_label("Part of the file name").fill("squares 1")
    tab.get_by_label("Part of the file name").press("Enter")
    expect(tab.get_by_text("11 images, 0 chosen")).to_be_visible()


def test_an_image_is_shown_in_full_size_with_the_next_ones_and_gets_another_class(server: Server, tab: Page):
    project = _project(server)
    tab.goto(f"{server.url}/dataset?project={project}")
    tab.get_by_role("button", name="Open circles 0.png").click()
    expect(tab.get_by_role("dialog").get_by_role("img", name="circles 0.png")).to_be_visible()
    expect(tab.get_by_role("dialog").get_by_text("96 by 96 pixels")).to_be_visible()
    tab.set_viewport_size({"width": 1280, "height": 900})
    expect(tab.get_by_role("dialog").get_by_role("img", name="circles 0.png")).to_be_in_viewport(ratio=1)

    tab.keyboard.press("ArrowRight")
    expect(tab.get_by_role("dialog").get_by_role("img", name="circles 1.png")).to_be_visible()
    box = tab.get_by_role("dialog").get_by_role("combobox", name="Class")
    box.fill("suns")
    box.press("Enter")
    expect(tab.get_by_role("dialog").get_by_text("suns ·")).to_be_visible()
    tab.get_by_role("dialog").get_by_role("button", name="Previous").click()
    expect(tab.get_by_role("dialog").get_by_role("img", name="circles 0.png")).to_be_visible()
    expect(box).to_have_value("circles")
    tab.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(tab.get_by_role("button", name="Undo: 1 image moved to suns")).to_be_visible()
    assert _counts(server.database, project) == {"circles": 9, "squares": 10, "suns": 1}


def test_a_huge_image_is_not_decoded_in_the_web_process(server: Server, tab: Page):
    project = _project(server)
    item = next(one for one in list_items(server.database, project) if one.name == "circles 0.png")
    # 89 megapixels in a few hundred kilobytes, as a person's own image could be: decoded it takes 268 MB and more.
    huge = Image.new("RGB", (9400, 9400), "white")
    huge.save(Workspace(server.settings, server.database).store.path(item.digest), "PNG")
    tab.goto(f"{server.url}/dataset?project={project}")
    before = psutil.Process(server.process.pid).memory_info().rss
    tab.get_by_role("button", name="Open circles 0.png").click()
    expect(tab.get_by_role("dialog").get_by_role("img", name="circles 0.png")).to_be_visible()
    status = Path(f"/proc/{server.process.pid}/status")
    if status.exists():  # the most that the process ever used, in kB
        (peak,) = [int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        assert peak * 1024 < 400_000_000
    assert psutil.Process(server.process.pid).memory_info().rss < before + 100_000_000


def test_classes_are_added_renamed_merged_and_deleted(server: Server, tab: Page):
    project = _project(server)
    tab.goto(f"{server.url}/dataset?project={project}&part=Classes")
    tab.get_by_label("Name of a new class").fill("stars")
    tab.get_by_role("button", name="Add class").click()
    expect(tab.get_by_text("The class “stars” was added.")).to_be_visible()

    _change_class(tab, "stars", "Rename")
    tab.get_by_role("dialog").get_by_label("New name").fill("circles")
    tab.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(tab.get_by_text("There is a class 'circles' already.")).to_be_visible()
    tab.get_by_role("dialog").get_by_label("New name").fill("suns")
    tab.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(tab.get_by_text("“stars” is now called “suns”.")).to_be_visible()

    _change_class(tab, "circles", "Merge into another")
    tab.get_by_role("dialog").get_by_role("button", name="Merge").click()
    expect(tab.get_by_text("“circles” was merged into “squares”.")).to_be_visible()
    tab.get_by_role("button", name="Undo: “circles” merged into “squares”").click()
    expect(tab.get_by_text("Undone: “circles” merged into “squares”")).to_be_visible()
    assert _counts(server.database, project) == {"circles": 10, "squares": 10, "suns": 0}
    _change_class(tab, "circles", "Merge into another")
    tab.get_by_role("dialog").get_by_role("button", name="Merge").click()
    expect(tab.get_by_role("button", name="Undo: “circles” merged into “squares”")).to_be_visible()

    _change_class(tab, "squares", "Delete")
    tab.get_by_role("dialog").get_by_role("button", name="Delete the class").click()
    expect(tab.get_by_text("The class “squares” was deleted.")).to_be_visible()
    assert _counts(server.database, project) == {"suns": 0}
    assert len(list_items(server.database, project, Filter(label_id="unlabelled"))) == 20


def test_splits_are_drawn_in_other_shares(server: Server, tab: Page):
    project = _project(server)
    tab.goto(f"{server.url}/dataset?project={project}&part=Splits")
    for name, share in (("Train (%)", "50"), ("Validation (%)", "30")):
        tab.get_by_role("spinbutton", name=name).fill(share)
        tab.get_by_role("spinbutton", name=name).press("Enter")
    expect(tab.get_by_text("The three shares add up to 95%")).to_be_visible()
    expect(tab.get_by_role("button", name="Split again")).to_be_disabled()
    tab.get_by_role("spinbutton", name="Test (%)").fill("20")
    tab.get_by_role("spinbutton", name="Test (%)").press("Enter")
    expect(tab.get_by_text("The three shares add up to")).to_have_count(0)
    tab.get_by_role("button", name="Split again").click()
    expect(tab.get_by_test_id("stMetric").filter(has_text="Train")).to_contain_text("50%")
    splits = [item.split for item in list_items(server.database, project)]
    assert (splits.count("train"), splits.count("validation"), splits.count("test")) == (10, 6, 4)


def test_two_tabs_that_change_one_project_are_told(server: Server, new_tab):
    url = f"{server.url}/dataset?project={_project(server)}&part=Splits"
    mine, theirs = new_tab(url), new_tab(url)
    expect(mine.get_by_role("spinbutton", name="Seed")).to_have_value("0")
    expect(theirs.get_by_role("spinbutton", name="Seed")).to_have_value("0")
    _set_seed(theirs, "7")
    expect(theirs.get_by_role("spinbutton", name="Seed")).to_have_value("7")
    _set_seed(mine, "8")
    expect(mine.get_by_text("were changed in another tab or by another person")).to_be_visible()
    expect(mine.get_by_role("spinbutton", name="Seed")).to_have_value("7")


def _project(server: Server, images: int = 10) -> str:
    return add_project(Workspace(server.settings, server.database), images=images)


def _counts(database: Database, project: str) -> dict[str, int]:
    return {label.name: label.images for label in list_labels(database, project)}


def _upload(tab: Page, path: Path, label: str = "An archive with one folder a class") -> None:
    box = tab.get_by_test_id("stFileUploader").filter(has_text=label)
    box.locator("input[type=file]").set_input_files(path)


def _open_adding(tab: Page, way: str) -> None:
    """Open the ways to add images, unless they are, and choose one."""
    if not tab.get_by_text("Add from").is_visible():
        tab.get_by_text("Add images", exact=True).click()
    tab.get_by_role("radio", name=way).click()


def _take_photo(tab: Page) -> None:
    """Press as a person does, until there is a photo: Streamlit takes none while the camera has no frame yet."""
    for _ in range(TRIES):
        tab.get_by_role("button", name="Take Photo").click()
        with contextlib.suppress(AssertionError):
            expect(tab.get_by_role("button", name="Clear photo")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
            return
    raise AssertionError(f"{TRIES} presses took no photo")


def _type_class(tab: Page, name: str) -> None:
    """Type the class that files belong to, a new one or not."""
    box = tab.get_by_test_id("stExpander").get_by_role("combobox", name="Class")
    box.fill(name)
    box.press("Enter")


def _choose_one(tab: Page, name: str) -> None:
    tab.get_by_role("button", name=f"Choose {name}").click()
    expect(tab.get_by_text(", 1 chosen")).to_be_visible()


def _choose_from_menu(tab: Page, menu: str, choice: str) -> None:
    tab.get_by_role("button", name=menu).click()
    _choose(tab, choice)


def _choose(tab: Page, choice: str) -> None:
    tab.get_by_role("menuitem", name=choice).or_(tab.get_by_role("option", name=choice)).click()


def _change_class(tab: Page, label: str, action: str) -> None:
    box = tab.get_by_role("combobox", name="Change a class")
    box.click()
    tab.get_by_role("option", name=label, exact=True).click()
    tab.get_by_role("button", name=action, exact=True).click()


def _set_seed(tab: Page, seed: str) -> None:
    tab.get_by_role("spinbutton", name="Seed").fill(seed)
    tab.get_by_role("spinbutton", name="Seed").press("Enter")
