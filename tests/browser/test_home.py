"""Home, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from core.catalog import jobs
from core.catalog.projects import create_project, list_projects
from core.catalog.runs import get_run
from core.catalog.schema import JobRow
from pages.shared.steps import PROJECT_STEPS
from tests.browser.conftest import Server
from tests.finished_runs import Workspace, add_project, add_run

pytestmark = pytest.mark.browser

JOB = "0123456789abcdef"


def test_the_first_link_after_a_start_finds_its_page(start_server, tab: Page):
    server = start_server(GRAFT_WARM="no")
    project = create_project(server.database, "Birds")
    tab.goto(f"{server.url}/dataset?project={project}")
    expect(tab.get_by_role("heading", name="Images", exact=True)).to_be_visible()
    expect(tab.get_by_text("Page not found")).to_have_count(0)


def test_projects_are_made_renamed_copied_and_deleted(server: Server, tab: Page):
    tab.goto(server.url)
    tab.get_by_label("Name of a new project").fill("Bees *and* ants")
    tab.get_by_role("button", name="Create project").click()
    expect(tab.get_by_role("heading", name="Images", exact=True)).to_be_visible()
    expect(tab).to_have_url(f"{server.url}/dataset?project={list_projects(server.database)[0].id}")

    tab.get_by_role("link", name="Home").click()
    _choose(tab, "Bees *and* ants", "Rename")
    tab.get_by_role("dialog").get_by_label("New name").fill("Insects")
    tab.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(tab.get_by_role("heading", name="Insects", exact=True)).to_be_visible()

    _choose(tab, "Insects", "Duplicate")
    expect(tab.get_by_role("heading", name="Insects (copy)")).to_be_visible()

    copy = tab.get_by_role("heading", name="Insects (copy)")
    _delete(tab, "Insects (copy)")
    expect(copy).to_have_count(0)
    tab.get_by_text("Recently deleted (1)").click()
    expect(tab.get_by_text("gone for good in 30 days")).to_be_visible()
    tab.get_by_role("button", name="Bring back").click()
    expect(copy).to_be_visible()

    _delete(tab, "Insects (copy)")
    expect(copy).to_have_count(0)
    tab.get_by_text("Recently deleted (1)").click()
    tab.get_by_role("button", name="Delete for good").click()
    tab.get_by_role("dialog").get_by_role("button", name="Delete permanently").click()
    expect(tab.get_by_text("Recently deleted")).to_have_count(0)
    expect(tab.get_by_role("heading", name="Insects", exact=True)).to_be_visible()


def test_a_card_shows_images_the_best_accuracy_and_work_and_the_steps_are_there_before_a_project(
    server: Server, tab: Page
):
    workspace = Workspace(server.settings, server.database)
    project = add_project(workspace, name="Shapes at work")
    run = get_run(server.database, add_run(workspace, project))
    with server.database.write() as session:  # a queued one would be taken by a worker
        session.add(JobRow(id=JOB, project_id=project, kind="train", arguments={}, status="running", created_at=0))
    tab.goto(server.url)
    card = tab.locator(f".st-key-project-{project}")
    expect(card.get_by_text(f"Accuracy of the best run: {run.summary.test_accuracy:.1%}")).to_be_visible()
    expect(card.get_by_text("Training")).to_be_visible()
    shown = "(all) => all.filter((one) => one.complete && one.naturalWidth).length >= 4"
    tab.wait_for_function(f"({shown})([...document.querySelectorAll('.st-key-project-{project} img')])")
    jobs.end_job(server.database, JOB, "stopped")
    expect(card.get_by_text("Training")).to_have_count(0)
    steps = tab.locator("p").filter(has_text="Seven steps:")
    expect(steps).to_have_count(1)
    for step in PROJECT_STEPS:
        expect(steps).to_contain_text(step.title)
        expect(tab.get_by_test_id("stSidebar").get_by_text(step.title, exact=True)).to_have_count(0)


def test_a_project_without_a_name_is_refused_in_a_sentence(server: Server, tab: Page):
    tab.goto(server.url)
    tab.get_by_role("button", name="Create project").click()
    expect(tab.get_by_text("The project has no name. Type one.")).to_be_visible()
    expect(tab.get_by_role("button", name="Create project")).to_be_visible()


def test_a_sample_set_becomes_a_project_and_can_be_cancelled(server: Server, tab: Page):
    tab.goto(server.url)
    tab.get_by_role("button", name="Try “Handwritten digits”").click()
    expect(tab.get_by_text("Adding images").first).to_be_visible()
    tab.get_by_role("button", name="Cancel").click()
    expect(tab.get_by_text("Adding images was stopped.")).to_be_visible()
    expect(tab.get_by_role("button", name="Cancel")).to_have_count(0)


def _delete(tab: Page, project: str) -> None:
    _choose(tab, project, "Delete")
    tab.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()


def _choose(tab: Page, project: str, action: str) -> None:
    """Choose what to do with a project from the menu of its card."""
    card = tab.locator("[class*=st-key-project-]").filter(has=tab.get_by_role("heading", name=project, exact=True))
    card.get_by_role("button", name="More").click()
    tab.get_by_role("menuitem", name=action).or_(tab.get_by_role("option", name=action)).click()
