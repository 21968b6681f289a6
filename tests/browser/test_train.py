"""The Train page, in a real browser, with real workers."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.catalog.jobs import Job
from core.catalog.projects import load_draft, save_draft
from core.catalog.runs import list_runs
from core.training.recipe import Backbone, Phase, Recipe
from pages.shared.draft import Draft, dump_draft
from tests.browser.conftest import Server
from tests.finished_runs import Workspace, add_project

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # cold workers import frameworks first


def test_a_run_is_started_watched_and_found_again(server: Server, tab: Page):
    project = _project(server, epochs=2)
    tab.goto(f"{server.url}/training?project={project}")
    tab.get_by_role("button", name="Start training").click()
    expect(tab).to_have_url(re.compile("run="))
    expect(tab.get_by_role("button", name="See the results")).to_be_visible()
    expect(tab.get_by_text("2 of 2", exact=True)).to_be_visible()
    expect(tab.get_by_text(re.compile("Validation images after epoch [12], the kept one"))).to_be_visible()

    tab.get_by_role("button", name="Replay", exact=True).click()
    expect(tab.get_by_text("Epoch 1 of 2", exact=True)).to_be_visible()
    expect(tab.get_by_role("button", name="Replay", exact=True)).to_be_visible()

    tab.reload()
    expect(tab.get_by_text("Finished. Kept: epoch")).to_be_visible()
    expect(tab.get_by_text("2 of 2", exact=True)).to_be_visible()


def test_a_run_outlives_its_tab_and_its_worker_and_is_renamed_and_stopped(server: Server, new_tab):
    import psutil

    project = _project(server, epochs=5000)
    tab = new_tab(f"{server.url}/training?project={project}")
    tab.get_by_role("button", name="Start training").click()
    expect(tab.get_by_text("of 5000", exact=False).first).to_be_visible()
    link = tab.url
    tab.context.close()

    again = new_tab(link)
    expect(again.get_by_text("of 5000", exact=False).first).to_be_visible()
    again.get_by_role("button", name="More").click()
    again.get_by_role("menuitem", name="Rename").click()
    again.get_by_label("New name").fill("A long one")
    again.get_by_role("button", name="Rename", exact=True).click()
    expect(again.get_by_role("heading", name="A long one")).to_be_visible()

    psutil.Process(_process_of(server, project)).kill()
    expect(again.get_by_text("The worker process died while it was working on this.").first).to_be_visible()
    again.get_by_role("button", name="Resume").click()
    expect(again.get_by_text("Resumed.")).to_be_visible()

    again.get_by_role("button", name="Stop training", exact=True).click()
    expect(again.get_by_text("the best epoch so far was evaluated", exact=False).first).to_be_visible()
    assert _job(server, project).status == "stopped"


def _project(server: Server, epochs: int) -> str:
    """A project whose next run is a tiny one, from scratch."""
    project = add_project(Workspace(server.settings, server.database), images=12)
    recipe = Recipe(
        backbone=Backbone(name="MobileNet025", weights="none", input_size=32),
        strategy="scratch",
        head_phase=Phase(epochs=epochs, learning_rate=1e-3),
        early_stopping=None,
    )
    save_draft(server.database, project, dump_draft(Draft(recipe=recipe)), load_draft(server.database, project)[1])
    return project


def _job(server: Server, project: str) -> Job:
    return list_runs(server.database, project)[0].job


def _process_of(server: Server, project: str) -> int:
    from core.jobs.events import Started
    from core.jobs.queue import read_events

    story = read_events(server.database, _job(server, project).id)
    return next(event.process for _, _, event in story if isinstance(event, Started) and event.process)
