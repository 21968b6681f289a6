"""Home, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from core.catalog.projects import create_project, list_projects
from tests.browser.conftest import Server

pytestmark = pytest.mark.browser


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

    _choose(tab, "Insects (copy)", "Delete")
    tab.get_by_role("dialog").get_by_role("button", name="Delete permanently").click()
    expect(tab.get_by_role("heading", name="Insects (copy)")).to_have_count(0)
    expect(tab.get_by_role("heading", name="Insects", exact=True)).to_be_visible()


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


def _choose(tab: Page, project: str, action: str) -> None:
    """Choose what to do with a project from the menu of its card."""
    card = tab.locator("[class*=st-key-project-]").filter(has=tab.get_by_role("heading", name=project, exact=True))
    card.get_by_role("button", name="More").click()
    tab.get_by_role("menuitem", name=action).or_(tab.get_by_role("option", name=action)).click()
