"""The Train page: what it shows of a run that waits, runs, failed or finished."""

import json
import time

import pytest

from core.catalog import jobs, runs
from core.catalog.database import Database
from core.jobs.events import Batch, Ended, Event, Stage, Started, dump_event
from core.settings import Settings
from core.training.recipe import Recipe, dump_recipe
from pages.shared.steps import TRAIN
from tests.finished_runs import Workspace, add_project, add_run, draw_epochs


@pytest.fixture
def workspace(settings: Settings, database: Database) -> Workspace:
    return Workspace(settings, database)


@pytest.fixture
def project(workspace: Workspace) -> str:
    return add_project(workspace, images=8)


def _start(database: Database, project: str, *events: Event) -> str:
    run = runs.create_run(database, project, dump_recipe(Recipe()))
    jobs.start_job(database, run)
    for event in events:
        jobs.add_event(database, run, event.kind, dump_event(event))
    return run


def _texts(tab) -> list[str]:
    return [element.proto.text for element in tab.get("progress")]


def _by_label(widgets, label):
    return next(widget for widget in widgets if widget.label == label)


def _menu(tab, run):
    return next(menu for menu in tab.get("menu_button") if f"more-{run}" in menu.proto.id)


def test_without_a_run_it_offers_to_start_one(open_page, project):
    tab = open_page(TRAIN, project=project)
    assert "Start training" in [button.label for button in tab.button]


def test_a_waiting_run_knows_its_place_in_the_queue(open_page, database: Database, project):
    _start(database, project)
    waiting = runs.create_run(database, project, dump_recipe(Recipe()))
    tab = open_page(TRAIN, project=project, run=waiting)
    assert _texts(tab) == ["Waiting; 1 run is before it"]


def test_a_run_in_a_stage_shows_the_stage(open_page, database: Database, project):
    stage = Stage(name="Computing features", done=120, total=400, seconds_left=12, unit="images")
    run = _start(database, project, Started(device="a processor"), stage)
    tab = open_page(TRAIN, project=project, run=run)
    assert _texts(tab) == ["Computing features: 120 of 400 images, about 12 s left"]


def test_a_run_in_an_epoch_shows_the_epochs_and_the_step(open_page, database: Database, project):
    batch = Batch(phase="head", epoch=4, batch=2, batches=5, loss=0.31, accuracy=0.94, seconds_left=2)
    run = _start(database, project, Started(device="a processor"), *draw_epochs(8, Recipe())[:3], batch)
    tab = open_page(TRAIN, project=project, run=run)
    assert _texts(tab) == [
        "Epoch 3 of at most 8 has ended, about 2 s left at most",
        "Epoch 4, step 2 of 5: loss 0.310, training accuracy 94.0%",
    ]


def test_the_time_left_is_that_of_the_phase_and_names_the_next_one(open_page, database: Database, project):
    recipe = Recipe(strategy="full")
    epochs = [
        epoch.model_copy(update={"seconds_left": 5.0, "next_phase": "fine-tune"})
        for epoch in draw_epochs(8, recipe)[:3]
    ]
    run = _start(database, project, Started(device="a processor"), *epochs)
    tab = open_page(TRAIN, project=project, run=run)
    assert _texts(tab) == ["Epoch 3 of at most 8 has ended, about 5 s left for the head at most, then fine-tuning"]


def test_stopping_asks_the_run_to_stop(open_page, database: Database, project):
    run = _start(database, project, Started(device="a processor"))
    tab = open_page(TRAIN, project=project, run=run)
    next(button for button in tab.button if button.label == "Stop training").click().run()
    assert jobs.get_job(database, run).stop_requested


def test_a_failed_run_says_why_shows_its_log_and_can_be_resumed(open_page, database: Database, project):
    ended = Ended(status="failed", reason="The worker process died.", hint="Press Resume.", detail="Killed")
    run = _start(database, project, Started(device="a processor"), ended)
    jobs.end_job(database, run, "failed")
    tab = open_page(TRAIN, project=project, run=run)
    assert [error.value for error in tab.error] == ["The worker process died. Press Resume."]
    assert tab.code[0].value == "Killed"
    next(button for button in tab.button if button.label == "Resume").click().run()
    assert jobs.get_job(database, run).status == "queued"


def test_a_run_stopped_in_the_queue_says_so(open_page, database: Database, project):
    run = runs.create_run(database, project, dump_recipe(Recipe()))
    jobs.request_stop(database, run)
    tab = open_page(TRAIN, project=project, run=run)
    assert [info.value for info in tab.info] == ["It was stopped before it began."]


def test_without_a_run_in_the_link_the_latest_is_shown(open_page, workspace: Workspace, project):
    add_run(workspace, project, name="The first", epochs=2)
    add_run(workspace, project, name="The second", epochs=2)
    tab = open_page(TRAIN, project=project)
    assert "The second" in [heading.value for heading in tab.subheader]


def test_another_run_is_chosen(open_page, workspace: Workspace, project):
    first = add_run(workspace, project, name="The first", epochs=2)
    add_run(workspace, project, name="The second", epochs=2)
    tab = open_page(TRAIN, project=project)
    next(box for box in tab.selectbox if box.label == "Run").set_value(first).run()
    assert tab.query_params["run"] in (first, [first])
    assert "The first" in [heading.value for heading in tab.subheader]


def _shown_epochs(tab) -> set[int]:
    """How many epochs each curve shows."""
    curves = [json.loads(chart.proto.spec)["data"] for chart in tab.get("plotly_chart")]
    return {
        len(trace["y"]["bdata"]) if isinstance(trace["y"], dict) else len(trace["y"])
        for data in curves
        for trace in data[:2]
    }


def test_a_run_that_ended_is_replayed_epoch_by_epoch(open_page, workspace: Workspace, project, monkeypatch):
    run = add_run(workspace, project, epochs=5)
    tab = open_page(TRAIN, project=project, run=run)
    assert _shown_epochs(tab) == {5}
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    _by_label(tab.button, "Replay").click().run()
    assert _shown_epochs(tab) == {1}
    assert _texts(tab) == ["Epoch 1 of 5"]
    monkeypatch.setattr(time, "time", lambda: now + 2.1)
    tab.run()
    assert _shown_epochs(tab) == {3}
    monkeypatch.setattr(time, "time", lambda: now + 5.1)
    tab.run()
    assert _shown_epochs(tab) == {5}
    assert not _texts(tab)
    assert not tab.exception


def test_the_curves_are_shown_up_to_a_chosen_epoch(open_page, workspace: Workspace, project):
    run = add_run(workspace, project, epochs=5)
    tab = open_page(TRAIN, project=project, run=run)
    _by_label(tab.slider, "Show the epochs up to").set_value(2).run()
    assert _shown_epochs(tab) == {2}


def test_the_matrix_is_that_of_the_kept_epoch_once_the_run_has_ended(open_page, database: Database, project):
    epochs = [
        one.model_copy(update={"confusion": ((number, 0), (0, 1)), "best": number < 2})
        for number, one in enumerate(draw_epochs(4, Recipe()))
    ]
    run = _start(database, project, Started(device="a processor"), *epochs)
    tab = open_page(TRAIN, project=project, run=run)
    assert "Validation images after epoch 4" in [heading.value for heading in tab.subheader]
    assert _by_label(tab.metric, "Validation accuracy of the best epoch so far").value == "70.0%"
    jobs.end_job(database, run, "finished")
    tab.run()
    assert "Validation images after epoch 2, the kept one" in [heading.value for heading in tab.subheader]
    assert _by_label(tab.metric, "Validation accuracy of the kept epoch").value == "70.0%"


def test_the_results_are_the_primary_button_of_a_stopped_run_too(open_page, workspace: Workspace, database, project):
    run = add_run(workspace, project, epochs=2)
    jobs.queue_again(database, run)
    jobs.request_stop(database, run)
    tab = open_page(TRAIN, project=project, run=run)
    assert _by_label(tab.button, "See the results").proto.type == "primary"
    assert _by_label(tab.button, "Resume")


def test_a_run_is_renamed(open_page, workspace: Workspace, database: Database, project):
    run = add_run(workspace, project, name="The first", epochs=2)
    tab = open_page(TRAIN, project=project, run=run)
    _menu(tab, run).set_value("Rename").run()
    _menu(tab, run).set_value("Rename")  # this runner closes a dialog at every run; the menu opens it again
    _by_label(tab.text_input, "New name").set_value("  With  more photos ")
    _by_label(tab.button, "Rename").click().run()
    assert runs.get_run(database, run).name == "With more photos"
    assert "With more photos" in [heading.value for heading in tab.subheader]


def test_deleting_a_run_asks_and_removes_its_files(open_page, workspace: Workspace, database: Database, project):
    first = add_run(workspace, project, name="The first", epochs=2)
    second = add_run(workspace, project, name="The second", epochs=2)
    log = workspace.settings.logs / f"{second}.log"
    log.parent.mkdir(exist_ok=True)
    log.touch()
    tab = open_page(TRAIN, project=project, run=second)
    _menu(tab, second).set_value("Delete").run()
    assert "“The second” will be deleted for good" in tab.markdown[-1].value
    assert (workspace.settings.runs / second).is_dir()
    _menu(tab, second).set_value("Delete")
    _by_label(tab.button, "Delete for good").click().run()
    assert [run.id for run in runs.list_runs(database, project)] == [first]
    assert not (workspace.settings.runs / second).exists()
    assert not log.exists()
    assert (workspace.settings.runs / first).is_dir()
    assert "The first" in [heading.value for heading in tab.subheader]
    assert not tab.exception


def test_a_run_that_has_not_ended_is_not_deleted(open_page, database: Database, project):
    run = _start(database, project, Started(device="a processor"))
    tab = open_page(TRAIN, project=project, run=run)
    _menu(tab, run).set_value("Delete").run()
    assert "Stop it first" in tab.markdown[-1].value
    assert not [button for button in tab.button if button.label == "Delete for good"]


def test_the_list_of_runs_and_the_badge_agree_when_a_waiting_run_starts(open_page, database: Database, project):
    runs.create_run(database, project, dump_recipe(Recipe()))
    run = runs.create_run(database, project, dump_recipe(Recipe()), "The second")
    tab = open_page(TRAIN, project=project, run=run)
    assert "The second · waiting" in _by_label(tab.selectbox, "Run").options[0]
    jobs.start_job(database, run)
    tab.run()
    assert "The second · running" in _by_label(tab.selectbox, "Run").options[0]
