"""Every page as it looks: in a narrow window nothing is cut off, in both themes every text can be read.

The names of the project are hostile: they are shown as they are, and load nothing.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import FilePayload, Page, expect

from core.catalog import jobs
from core.catalog.database import Database
from core.catalog.items import add_rejected_files, list_items, list_rejected_files
from core.catalog.labels import list_labels
from core.catalog.projects import create_project, load_draft, save_draft
from core.catalog.runs import list_runs
from core.checks.findings import Finding, RepairOffer
from core.checks.registry import CHECKS
from core.jobs.specs import CheckResult, CheckSpec, ClassGuess, GuessedClass, IngestResult, IngestSpec
from core.training.recipe import Backbone, Phase, Recipe
from pages.shared.draft import Draft, dump_draft
from pages.shared.steps import CHECK, IMAGES, MODEL, PROJECT_STEPS, RESULTS, USE
from tests.browser.conftest import Server
from tests.browser.literal_names import interpreted, requests_elsewhere
from tests.browser.narrow import cut_off, expect_drawn, expect_no_sideways_scrolling, expect_theme, unreadable
from tests.browser.pictures import jpeg
from tests.finished_runs import Workspace, add_project, add_run

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ViewportSize

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

NARROW = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 900}
CLASSES = (
    "![evil](https://evil.test/1.png) [evil](https://evil.test) <img src=//evil.test/2.png onerror=evil()>",
    "evil <b>x</b> <a href=//evil.test>x</a><script>evil()</script> &lt;evil&gt; $5$ $\\frac{evil}{2}$ evil",
    "evil :material/home: :smile: :red[evil] `evil` *evil* __evil__ ~~evil~~ www.evil.test me@evil.test ->",
)
PROJECT = "# evil project [evil][1] https://evil.test/3 ![evil](//evil.test/4.png) $evil$ <!-- evil --> end"
RUN = "1. evil run <iframe src=//evil.test> %{x} {{evil}} <br> [evil](javascript:evil()) `evil` end"
GUESSED = "evil_![evil](//evil.test/5.png)_$evil$_<b>evil</b>"
PICTURES = ("evil [evil](evil.test) `evil` __evil__ $evil$.png", "![evil](evil.test) <b>evil<b> *evil*.png")
REJECTED = "set/" + "evil\n# evil\u202egnp.<b>evil</b>" * 10 + "/half.jpg"
QUICK = Recipe(
    backbone=Backbone(name="Starter", weights="starter", input_size=32),
    strategy="partial",
    head_phase=Phase(epochs=2, learning_rate=1e-2),
    fine_tune_phase=Phase(epochs=1, learning_rate=1e-4),
)
TABS = {
    IMAGES: ("part", ("Images", "Classes", "Splits", "Download", "Rejected files")),
    RESULTS: ("results-part", ("Confusion", "Mistakes", "Map", "Classes", "Confidence", "Training", "All runs")),
}


@pytest.fixture(scope="module")
def project(server: Server, profile: "BrowserContext") -> str:
    """A project with everything that pages show: refused files, findings, two finished runs, a trained model."""
    workspace = Workspace(server.settings, server.database)
    made = add_project(workspace, CLASSES, images=24, name=PROJECT)
    add_rejected_files(server.database, made, [(REJECTED, "The image is cut off: a part of its data is gone.")])
    add_findings(server.database, made)
    add_run(workspace, made, recipe=QUICK, name=RUN)
    save_draft(server.database, made, dump_draft(Draft(recipe=QUICK)), load_draft(server.database, made)[1])
    tab = profile.new_page()
    tab.goto(f"{server.url}/{MODEL.url_path}?project={made}")
    tab.get_by_role("button", name="Start training").click()
    expect(tab.get_by_role("button", name="See the results")).to_be_visible()
    tab.close()
    return made


def add_findings(database: Database, project: str) -> None:
    items = tuple(item.id for item in list_items(database, project))[:14]
    repair = RepairOffer(action="exclude", title="Keep one of each, set the others aside", items=items[1:])
    found = [
        Finding(
            check=check, has_issue=True, summary=f"14 images of “{CLASSES[1]}”.", items=items, repair=repair
        ).model_dump(mode="json")
        for check in CHECKS
    ]
    job = jobs.add_job(database, project, CheckSpec())
    jobs.start_job(database, job)
    jobs.end_job(database, job, "finished", CheckResult(images=72, network="Starter", findings=tuple(found)))


def names_in(database: Database, project: str) -> set[str]:
    """Every name of a project, as the catalog holds it."""
    files = {item.name for item in list_items(database, project)}
    rejected = {one.name for one in list_rejected_files(database, project)}
    labels = {label.name for label in list_labels(database, project)}
    runs = {run.name for run in list_runs(database, project)}
    typed = {PROJECT, *CLASSES, GUESSED, f"{GUESSED}_1.png", *PICTURES}
    return typed | files | rejected | labels | runs


def links(project: str) -> Iterator[tuple[str, str]]:
    """Every page and every tab that a link can open, and the heading to wait for."""
    yield "", "Your projects"
    for step in PROJECT_STEPS:
        name, parts = TABS.get(step, ("", ("",)))
        for part in parts:
            query = f"&{name}={part.replace(' ', '+')}" if part else ""
            yield f"{step.url_path}?project={project}{query}", step.title


def walk(tab: Page, server: Server, project: str, look: Callable[[Page], object]) -> dict[str, object]:
    """Open every page, and give what was found on each, without those on which nothing was."""
    found = {}
    for link, heading in links(project):
        tab.goto(f"{server.url}/{link}")
        expect(tab.get_by_role("heading", name=heading, exact=True).first).to_be_visible()
        if heading == USE.title:
            expect(tab.get_by_text("% sure").first).to_be_visible()  # a worker has answered
        expect_drawn(tab)
        found[link.replace(project, "…")] = look(tab)
    return {link: what for link, what in found.items() if what}


@pytest.mark.parametrize(
    ("window", "themes"),
    [(NARROW, ("light",)), (WIDE, ("dark", "light", "dark"))],
    ids=["narrow", "wide, as the system changes from theme to theme"],
)
def test_every_page_fits_its_window_can_be_read_and_has_one_next_step(
    server: Server, tab: Page, project: str, window: "ViewportSize", themes: tuple[Literal["light", "dark"], ...]
):
    names = names_in(server.database, project)

    def look(tab: Page) -> object:
        found: dict[str, object] = {"interpreted": interpreted(tab, names)}
        for number, theme in enumerate(themes):
            tab.emulate_media(color_scheme=theme)
            expect_theme(tab, theme)
            expect_no_sideways_scrolling(tab)
            found[f"cut off, {number}"] = cut_off(tab)
            found[f"too pale, {number}"] = unreadable(tab)
        primary = tab.locator("[data-testid^=stBaseButton-primary]").filter(visible=True).all_inner_texts()
        found["one primary button too many"] = primary[1:]
        return {what: ones for what, ones in found.items() if ones}

    tab.set_viewport_size(window)
    tab.emulate_media(color_scheme=themes[0])
    with requests_elsewhere(tab) as elsewhere:
        assert walk(tab, server, project, look) == {}
    assert elsewhere == []


def test_the_explanation_of_a_picture_fits_a_narrow_window(server: Server, tab: Page, project: str):
    tab.set_viewport_size(NARROW)
    tab.goto(f"{server.url}/{USE.url_path}?project={project}")
    tab.get_by_role("button", name="Explain").click()
    expect(tab.get_by_alt_text("Heat map over the picture")).to_be_visible()
    expect_drawn(tab)
    assert cut_off(tab) == []


def test_a_persons_own_words_are_shown_as_they_are(server: Server, tab: Page, project: str):
    tab.goto(f"{server.url}/{CHECK.url_path}?project={project}")
    expect(tab.get_by_text(f"14 images of “{CLASSES[1]}”.").first).to_be_visible()


def test_names_in_menus_dialogs_and_tooltips_are_shown_as_they_are(server: Server, tab: Page, project: str):
    names = names_in(server.database, project)
    with requests_elsewhere(tab) as elsewhere:
        open_class_menus(server, tab, project)
        assert interpreted(tab, names) == []
        tab.keyboard.press("Escape")
        tab.get_by_role("tabpanel", name="Classes").get_by_role("button", name="Delete").click()
        expect(tab.get_by_text("will be removed").filter(has_text="evil")).to_be_visible()
        assert interpreted(tab, names) == []
        open_tooltip_of_matrix(server, tab, project)
        assert interpreted(tab, names) == []
        predict_pictures(server, tab, project)
        assert interpreted(tab, names) == []
        tab.goto(f"{server.url}/{IMAGES.url_path}?project={guess_classes(server)}")
        expect(tab.get_by_text("Are these the classes?")).to_be_visible()
        assert interpreted(tab, names) == []
    assert elsewhere == []


def open_class_menus(server: Server, tab: Page, project: str) -> None:
    tab.goto(f"{server.url}/{IMAGES.url_path}?project={project}&part=Classes")
    tab.get_by_role("combobox", name="Change a class").click()
    expect(tab.get_by_role("option").filter(has_text="evil")).to_have_count(len(CLASSES))


def open_tooltip_of_matrix(server: Server, tab: Page, project: str) -> None:
    tab.goto(f"{server.url}/{RESULTS.url_path}?project={project}&results-part=Confusion")
    matrix = tab.get_by_role("img", name="Confusion matrix").or_(tab.get_by_test_id("stPlotlyChart")).first
    matrix.locator(".nsewdrag").first.hover(position={"x": 60, "y": 30})
    expect(tab.locator(".hoverlayer").get_by_text("true class").first).to_be_visible()


def predict_pictures(server: Server, tab: Page, project: str) -> None:
    tab.goto(f"{server.url}/{USE.url_path}?project={project}")
    files = [
        FilePayload(name=name, mimeType="image/png", buffer=jpeg("robins", row)) for row, name in enumerate(PICTURES)
    ]
    text = FilePayload(name=f"{PICTURES[0]}.jpg", mimeType="image/jpeg", buffer=b"This is a text.")
    tab.locator("[data-testid=stFileUploader] input[type=file]").set_input_files([*files, text])
    expect(tab.get_by_role("button", name="Remove these pictures")).to_be_visible()
    expect(tab.get_by_text("% sure").first).to_be_visible()
    tab.locator(".nsewdrag").first.hover(position={"x": 20, "y": 20})


def guess_classes(server: Server) -> str:
    """A project whose upload has classes that were guessed from file names."""
    project = create_project(server.database, "Guessed")
    upload = server.settings.uploads / "guessed" / "images.zip"
    upload.parent.mkdir(parents=True, exist_ok=True)
    upload.touch()
    guess = ClassGuess(classes=(GuessedClass(name=GUESSED, images=3, examples=(f"{GUESSED}_1.png",)),), unnamed=1)
    job = jobs.add_job(server.database, project, IngestSpec(paths=(server.settings.relative(upload),)))
    jobs.end_job(server.database, job, "finished", IngestResult(accepted=0, rejected=0, guess=guess))
    return project
