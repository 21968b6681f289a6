"""The frame: links, errors in one sentence, what a tab remembers."""

import shutil
from pathlib import Path

import pytest

from core.catalog.database import Database
from core.catalog.labels import add_label
from core.catalog.projects import create_project, load_draft, save_draft
from pages.shared.draft import Draft, dump_draft
from pages.shared.steps import HOME, IMAGES, PROJECT_STEPS, STEPS, TRAIN

PAGES = Path(__file__).parents[2] / "pages"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.title)
def test_no_page_has_the_path_of_a_file(step):
    # Streamlit answers a first request for such a path with that file alone.
    stems = {path.stem for path in PAGES.glob("*.py")}
    assert step.url_path
    assert step.url_path not in stems


def test_every_file_of_the_folder_is_a_page():
    files = {path.relative_to(PAGES.parent).as_posix() for path in PAGES.rglob("page.py")}
    assert files == {step.file for step in STEPS}


@pytest.mark.parametrize("step", PROJECT_STEPS, ids=lambda step: step.title)
def test_a_link_to_a_project_that_is_not_there_says_so(open_page, step):
    tab = open_page(step, project="0123456789abcdef")
    assert [error.value for error in tab.error] == [
        "There is no such project; it may have been deleted. Choose another one."
    ]
    assert not tab.exception


@pytest.mark.parametrize("step", PROJECT_STEPS, ids=lambda step: step.title)
def test_a_page_without_a_project_says_what_to_do(open_page, step):
    tab = open_page(step)
    assert [info.value for info in tab.info] == ["No project is open. Open one on the Home page, or create one there."]
    assert not tab.exception


def test_a_run_that_is_not_there_is_one_sentence(open_page, database: Database):
    tab = open_page(TRAIN, project=create_project(database, "Birds"), run="0123456789abcdef")
    assert [error.value for error in tab.error] == [
        "There is no such run; it may have been deleted. Choose another one."
    ]


def test_a_run_of_another_project_is_one_sentence(open_page, database: Database):
    from core.catalog.runs import create_run
    from core.training.recipe import Recipe, dump_recipe

    other = create_run(database, create_project(database, "Bees"), dump_recipe(Recipe()))
    tab = open_page(TRAIN, project=create_project(database, "Birds"), run=other)
    assert [error.value for error in tab.error] == [
        "This run belongs to another project. Open that project on the Home page."
    ]


def test_a_deleted_workspace_is_one_sentence(open_page, database: Database, settings):
    project = create_project(database, "Birds")
    tab = open_page(IMAGES, project=project)
    shutil.rmtree(settings.workspace)
    tab.run()
    assert "was deleted or moved while Graft was running" in tab.error[0].value
    assert not tab.exception


def test_a_draft_of_another_version_becomes_the_defaults_with_a_warning(open_page, database: Database):
    project = _project(database)
    save_draft(database, project, '{"version": 99}', 0)
    tab = _open_splits(open_page, project)
    tab.run()
    assert "were made by another version of Graft" in tab.warning[0].value
    assert tab.number_input[0].value == 70


def test_a_choice_outlives_the_page(open_page, database: Database):
    project = _project(database)
    tab = _open_splits(open_page, project)
    tab.number_input[0].set_value(60).run()
    tab.switch_page(HOME.file).run()
    tab.query_params["project"] = project
    tab.switch_page(IMAGES.file).run()
    assert tab.number_input[0].value == 60


def test_two_tabs_that_change_one_draft_are_told(open_page, database: Database):
    project = _project(database)
    tab = _open_splits(open_page, project)
    save_draft(database, project, dump_draft(Draft(shares=(50, 25, 25))), load_draft(database, project)[1])
    tab.number_input[0].set_value(60).run()
    assert "were changed in another tab or by another person" in tab.error[0].value
    assert [box.value for box in tab.number_input[:3]] == [50, 25, 25]


def test_a_tab_that_changes_nothing_picks_up_what_another_one_chose(open_page, database: Database):
    project = _project(database)
    tab = _open_splits(open_page, project)
    save_draft(database, project, dump_draft(Draft(shares=(50, 25, 25))), load_draft(database, project)[1])
    tab.run()
    assert [box.value for box in tab.number_input[:3]] == [50, 25, 25]
    assert not tab.error


def _project(database):
    project = create_project(database, "Birds")
    add_label(database, project, "robins")
    return project


def _open_splits(open_page, project):
    return open_page(IMAGES, project=project, part="Splits")
