"""Every page as it looks: in a narrow window nothing is cut off, in both themes every text can be read."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Page, expect

from core.catalog import jobs
from core.catalog.database import Database
from core.catalog.items import add_rejected_files, list_items
from core.catalog.projects import load_draft, save_draft
from core.checks.findings import Finding, RepairOffer
from core.checks.registry import CHECKS
from core.jobs.specs import CheckResult, CheckSpec
from core.training.recipe import Backbone, Phase, Recipe
from pages.shared.draft import Draft, dump_draft
from pages.shared.steps import CHECK, IMAGES, MODEL, PROJECT_STEPS, RESULTS, TRY_IT
from tests.browser.conftest import Server
from tests.browser.narrow import cut_off, expect_drawn, expect_no_sideways_scrolling, expect_theme, unreadable
from tests.finished_runs import Workspace, add_project, add_run

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ViewportSize

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

NARROW = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 900}
CLASSES = ("circles", "squares of $5$ and *more*", "rings & <b>dots</b> with a name that goes on and on")
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
    made = add_project(workspace, CLASSES, images=24, name="Shapes with a name that does not end so soon")
    add_rejected_files(
        server.database, made, [("set/a folder/half.jpg", "The image is cut off: a part of its data is gone.")]
    )
    add_findings(server.database, made)
    add_run(workspace, made, recipe=QUICK)
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
        if heading == TRY_IT.title:
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
    def look(tab: Page) -> object:
        found: dict[str, object] = {}
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
    assert walk(tab, server, project, look) == {}


def test_the_explanation_of_a_picture_fits_a_narrow_window(server: Server, tab: Page, project: str):
    tab.set_viewport_size(NARROW)
    tab.goto(f"{server.url}/{TRY_IT.url_path}?project={project}")
    tab.get_by_role("button", name="Explain").click()
    expect(tab.get_by_alt_text("Heat map over the picture")).to_be_visible()
    expect_drawn(tab)
    assert cut_off(tab) == []


def test_a_persons_own_words_are_shown_as_they_are(server: Server, tab: Page, project: str):
    tab.goto(f"{server.url}/{CHECK.url_path}?project={project}")
    expect(tab.get_by_text(f"14 images of “{CLASSES[1]}”.").first).to_be_visible()
