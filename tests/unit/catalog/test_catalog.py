import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from core.catalog import edits, items, jobs, labels, projects, runs
from core.catalog.database import Database
from core.catalog.items import Filter, NewItem
from core.catalog.overview import Overview, project_overviews
from core.catalog.schema import Base
from core.errors import ConflictError, DatasetError, InputError, NotFoundError, WorkspaceError
from core.jobs.specs import IngestResult, IngestSpec, TsneResult, TsneSpec
from core.settings import Settings


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = Database(settings)
    yield database
    database.close()


@pytest.fixture
def project(database: Database) -> str:
    return projects.create_project(database, "Bees")


def image(number: int, label: str | None = "bees", split: items.Split | None = None) -> NewItem:
    return NewItem(
        digest=f"{number:064x}",
        name=f"{number}.jpg",
        label=label,
        split=split,
        group=None,
        width=4,
        height=3,
        format="JPEG",
        size_bytes=10,
        brightness=0.5,
        contrast=0.2,
        sharpness=1.0,
        dhash="0" * 16,
    )


def test_migrations_lead_to_the_tables_that_the_code_uses(database: Database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_a_project_is_made_renamed_and_deleted(database: Database, project: str):
    projects.rename_project(database, project, "  Wild   bees ")
    assert [entry.name for entry in projects.list_projects(database)] == ["Wild bees"]
    projects.delete_project(database, project)
    with pytest.raises(NotFoundError, match="no such project"):
        projects.get_project(database, project)


def test_a_project_in_the_trash_is_out_of_reach_until_it_is_restored(database: Database, project: str):
    run = runs.create_run(database, project, "{}")
    queued, running = (jobs.add_job(database, project, IngestSpec(paths=("a",))) for _ in range(2))
    jobs.start_job(database, running)
    projects.trash_project(database, project)
    assert projects.list_projects(database) == runs.list_runs(database) == []
    assert [entry.id for entry in projects.list_trash(database)] == [project]
    for reach in (projects.get_project, projects.trash_project, labels.list_labels, items.list_items):
        with pytest.raises(NotFoundError, match="no such project"):
            reach(database, project)
    assert jobs.get_job(database, queued).status == "stopped"
    assert jobs.get_job(database, running).stop_requested

    projects.restore_project(database, project)
    assert [entry.id for entry in projects.list_projects(database)] == [project]
    assert [one.id for one in runs.list_runs(database)] == [run]
    with pytest.raises(NotFoundError):
        projects.restore_project(database, project)


def test_an_overview_has_images_of_each_class_the_best_run_and_what_is_at_work(database: Database, project: str):
    items.add_items(database, project, [image(1), image(2), image(3), image(4, "ants"), image(5, None)])
    assert project_overviews(database, [project]) == {
        project: Overview(tuple(image(number).digest for number in (1, 4, 5, 2, 3)), None, frozenset())
    }
    figures = {"validation_loss": 1, "test_interval": (0, 1), "epochs": 1, "seconds": 1}
    for validation, test in ((0.6, 0.9), (0.8, 0.7)):
        run = runs.create_run(database, project, "{}")
        summary = runs.RunSummary(validation_accuracy=validation, test_accuracy=test, **figures)
        runs.save_summary(database, run, summary)
    overview = project_overviews(database, [project])[project]
    assert overview.best == summary
    assert overview.at_work == {"train"}


@pytest.mark.parametrize(("name", "reason"), [("   ", "no name"), ("x" * 101, "101 characters")])
def test_a_bad_project_name_is_refused_with_a_sentence(database: Database, name: str, reason: str):
    with pytest.raises(DatasetError, match=reason):
        projects.create_project(database, name)


def test_names_from_files_and_folders_are_cleaned(database: Database, project: str):
    hostile = replace(image(1, "red\n\u202eants" + "x" * 60_000), name="a\nb.jpg", group="\u2066plant\t1")
    items.add_items(database, project, [hostile, image(2, "\u200b")])
    items.add_rejected_files(database, project, [("c\x1b.jpg", "It is empty.")])
    first, second = items.list_items(database, project)
    assert (first.name, first.group, second.label) == ("a b.jpg", "plant 1", None)
    assert first.label is not None
    assert first.label.startswith("red antsxxx")
    assert len(first.label) == 100
    assert items.list_rejected_files(database, project)[0].name == "c .jpg"


def test_the_same_long_name_is_the_same_class(database: Database, project: str):
    for number in range(2):
        items.add_items(database, project, [image(number, "ants " * 1000)])
    assert [label.images for label in labels.list_labels(database, project)] == [2]


def test_a_project_has_a_bounded_number_of_classes(database: Database, project: str):
    many = [image(number, f"class {number}") for number in range(labels.MAX_CLASSES)]
    items.add_items(database, project, many)
    for add in (
        lambda: items.add_items(database, project, [image(5000, "one more")]),
        lambda: labels.add_label(database, project, "one more"),
    ):
        with pytest.raises(DatasetError, match=r"There would be 1,001 classes; a project has at most 1,000\."):
            add()
    assert len(labels.list_labels(database, project)) == labels.MAX_CLASSES


def test_a_duplicate_has_its_own_classes_and_images(database: Database, project: str):
    items.add_items(database, project, [image(1), image(2, "ants")])
    copy = projects.duplicate_project(database, project)
    projects.delete_project(database, project)
    assert [(item.name, item.label) for item in items.list_items(database, copy)] == [
        ("1.jpg", "bees"),
        ("2.jpg", "ants"),
    ]


def test_deleting_a_project_leaves_only_images_that_nothing_else_uses(database: Database, project: str):
    other = projects.create_project(database, "Other")
    items.add_items(database, project, [image(1), image(2)])
    items.add_items(database, other, [image(2)])
    assert projects.delete_project(database, project).digests == (image(1).digest,)


def test_a_draft_from_an_older_revision_is_refused(database: Database, project: str):
    _, revision = projects.load_draft(database, project)
    assert projects.save_draft(database, project, "{}", revision) == revision + 1
    with pytest.raises(ConflictError, match="another tab"):
        projects.save_draft(database, project, '{"late": 1}', revision)
    assert projects.load_draft(database, project) == ("{}", revision + 1)


def test_the_same_image_comes_into_a_class_once(database: Database, project: str):
    assert items.add_items(database, project, [image(1), image(1), image(1, "ants")]) == 2
    assert items.add_items(database, project, [image(1)]) == 0


def test_counts_tell_classes_splits_and_exclusions(database: Database, project: str):
    items.add_items(database, project, [image(1, split="train"), image(2, split="test"), image(3)])
    third = items.list_items(database, project)[2]
    edits.change_items(database, project, [third.id], "set aside", excluded=True)
    (bees,) = labels.list_labels(database, project)
    assert (bees.images, bees.excluded, bees.splits) == (2, 1, {"train": 1, "test": 1})


def test_the_gallery_is_filtered_and_paged_in_order(database: Database, project: str):
    items.add_items(database, project, [image(number) for number in range(10)] + [image(99, None)])
    page = items.list_items(database, project, Filter(text=".jpg"), offset=4, limit=3)
    assert [item.name for item in page] == ["4.jpg", "5.jpg", "6.jpg"]
    assert items.count_items(database, project, Filter(label_id=items.UNLABELLED)) == 1
    assert items.count_items(database, project, Filter(text="%")) == 0


def test_a_class_name_exists_once(database: Database, project: str):
    bees = labels.add_label(database, project, "bees")
    labels.add_label(database, project, "Bees")
    with pytest.raises(DatasetError, match="a class 'Bees' already"):
        labels.rename_label(database, project, bees, "Bees")


def test_merging_moves_the_images(database: Database, project: str):
    items.add_items(database, project, [image(1), image(2, "ants")])
    ants, bees = sorted(labels.list_labels(database, project), key=lambda label: label.name)
    edits.merge_labels(database, project, ants.id, bees.id)
    assert [(label.name, label.images) for label in labels.list_labels(database, project)] == [("bees", 2)]
    with pytest.raises(DatasetError, match="with itself"):
        edits.merge_labels(database, project, bees.id, bees.id)
    with pytest.raises(NotFoundError, match="no such class"):
        edits.delete_label(database, project, ants.id)


def test_images_of_a_deleted_class_stay_without_one(database: Database, project: str):
    items.add_items(database, project, [image(1)])
    edits.delete_label(database, project, labels.list_labels(database, project)[0].id)
    assert items.list_items(database, project)[0].label is None


@pytest.mark.parametrize("deleted", [False, True])
def test_an_edit_is_undone_exactly(database: Database, project: str, deleted: bool):
    items.add_items(database, project, [image(1), image(2), image(3, "ants")])
    before = items.list_items(database, project)
    chosen = [before[0].id, before[2].id]
    if deleted:
        edit = edits.delete_items(database, project, chosen, "deleted")
    else:
        edit = edits.change_items(database, project, chosen, "moved", label_id=None, split="test", excluded=True)
    assert items.list_items(database, project) != before
    assert edits.last_edit(database, project).images == 2
    edits.undo_edit(database, project, edit)
    assert items.list_items(database, project) == before
    with pytest.raises(ConflictError, match="undone already"):
        edits.undo_edit(database, project, edit)
    with pytest.raises(NotFoundError, match="no such change"):
        edits.undo_edit(database, project, "nothing")


def test_merging_and_deleting_a_class_are_undone(database: Database, project: str):
    items.add_items(database, project, [image(1), image(2), image(3, "ants")])
    before = labels.list_labels(database, project), items.list_items(database, project)
    bees, ants = before[0]
    for remove in (
        lambda: edits.merge_labels(database, project, bees.id, ants.id),
        lambda: edits.delete_label(database, project, bees.id),
    ):
        edit = remove()
        assert [label.name for label in labels.list_labels(database, project)] == ["ants"]
        edits.undo_edit(database, project, edit)
        assert (labels.list_labels(database, project), items.list_items(database, project)) == before


def test_a_deleted_class_comes_back_into_the_class_that_has_its_name_now(database: Database, project: str):
    items.add_items(database, project, [image(1)])
    edit = edits.delete_label(database, project, labels.list_labels(database, project)[0].id)
    labels.add_label(database, project, "bees")
    edits.undo_edit(database, project, edit)
    (bees,) = labels.list_labels(database, project)
    assert (bees.name, bees.images) == ("bees", 1)


def test_labels_that_a_network_disputed_are_marked_until_a_person_changes_them_again(database: Database, project: str):
    items.add_items(database, project, [image(number) for number in range(3)])
    ids = [item.id for item in items.list_items(database, project)]
    ants = labels.add_label(database, project, "ants")
    edit = edits.change_items(database, project, ids, "moved", label_id=ants, disputed_ids=ids[:2])
    assert items.relabelled_by_models(database, project) == {f"{0:064x}": "ants", f"{1:064x}": "ants"}
    edits.change_items(database, project, ids, "set aside", excluded=True)
    assert len(items.relabelled_by_models(database, project)) == 2
    edits.undo_edit(database, project, edit)
    assert not items.relabelled_by_models(database, project)
    edits.change_items(database, project, ids, "moved", label_id=ants, disputed_ids=ids)
    edits.change_items(database, project, ids[:1], "moved", label_id=None)
    assert len(items.relabelled_by_models(database, project)) == 2


def test_deleted_images_are_kept_while_undo_could_bring_them_back(database: Database, project: str):
    items.add_items(database, project, [image(1)])
    edits.delete_items(database, project, [items.list_items(database, project)[0].id], "deleted")
    with database.write() as session:
        assert projects.delete_unused_images(session) == ()


def test_ten_thousand_images_change_in_one_edit(database: Database, project: str):
    items.add_items(database, project, [image(number) for number in range(12_000)])
    everything = [item.id for item in items.list_items(database, project)]
    edit = edits.change_items(database, project, everything, "all", excluded=True)
    assert items.count_items(database, project, Filter(excluded=True)) == 12_000
    edits.undo_edit(database, project, edit)
    assert items.count_items(database, project, Filter(excluded=True)) == 0


def test_refusals_are_kept_until_cleared(database: Database, project: str):
    items.add_rejected_files(database, project, [("a.jpg", "It is empty.")])
    assert [(rejected.name, rejected.reason) for rejected in items.list_rejected_files(database, project)] == [
        ("a.jpg", "It is empty.")
    ]
    items.clear_rejected_files(database, project)
    assert items.list_rejected_files(database, project) == []


def test_a_job_goes_through_its_states_once(database: Database, project: str):
    job = jobs.add_job(database, project, TsneSpec(run="1234"))
    assert jobs.start_job(database, job)
    assert not jobs.start_job(database, job)
    assert jobs.end_job(database, job, "finished", TsneResult(path="runs/1234/map.npz", images=2))
    assert not jobs.end_job(database, job, "failed")
    stored = jobs.get_job(database, job)
    assert stored.spec == TsneSpec(run="1234")
    assert stored.result_as(TsneResult) == TsneResult(path="runs/1234/map.npz", images=2)
    with pytest.raises(TypeError, match="TsneResult is no IngestResult"):
        stored.result_as(IngestResult)
    assert jobs.queue_again(database, job)
    assert jobs.get_job(database, job).status == "queued"


def test_a_waiting_job_stops_at_once_and_a_running_one_when_it_looks(database: Database, project: str):
    waiting, running = (jobs.add_job(database, project, IngestSpec()) for _ in range(2))
    jobs.start_job(database, running)
    for job in (waiting, running):
        jobs.request_stop(database, job)
    assert jobs.get_job(database, waiting).status == "stopped"
    assert jobs.get_job(database, running).status == "running"
    assert jobs.stop_requested(database, running)
    assert jobs.stop_requested(database, "deleted")


def test_events_are_numbered_from_one_also_by_two_threads(database: Database, project: str):
    job = jobs.add_job(database, project, IngestSpec())
    threads = [
        threading.Thread(target=lambda: [jobs.add_event(database, job, "message", "{}") for _ in range(20)])
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event.number for event in jobs.list_events(database, job)] == list(range(1, 41))
    assert [event.number for event in jobs.list_events(database, job, after=38)] == [39, 40]
    with pytest.raises(NotFoundError, match="deleted while it was working"):
        jobs.add_event(database, "gone", "message", "{}")


def test_progress_replaces_the_line_before_it_and_numbers_go_on(database: Database, project: str):
    job = jobs.add_job(database, project, IngestSpec())
    jobs.add_event(database, job, "message", "{}")
    for again in (False, True, True):
        jobs.add_event(database, job, "stage", "{}", replaces=again)
    assert [(event.number, event.kind) for event in jobs.list_events(database, job)] == [(1, "message"), (4, "stage")]


def test_a_run_and_its_job_live_and_die_together(database: Database, project: str):
    run = runs.create_run(database, project, "{}")
    runs.rename_run(database, run, "First try")
    summary = runs.RunSummary(
        validation_accuracy=0.5,
        validation_interval=(0.4, 0.6),
        validation_loss=0.7,
        test_accuracy=0.6,
        test_interval=(0.5, 0.7),
        epochs=3,
        seconds=4.0,
    )
    runs.save_summary(database, run, summary)
    assert [(entry.name, entry.summary) for entry in runs.list_runs(database, project)] == [("First try", summary)]
    with pytest.raises(InputError, match="“First try” has not ended"):
        runs.delete_run(database, run)
    jobs.request_stop(database, run)
    runs.delete_run(database, run)
    with pytest.raises(NotFoundError, match="no such run"):
        runs.get_run(database, run)
    with pytest.raises(NotFoundError, match="no such run or job"):
        jobs.get_job(database, run)


def test_a_deleted_workspace_is_said_in_a_sentence(database: Database, settings: Settings):
    (settings.workspace / "catalog.sqlite3").unlink()
    with pytest.raises(WorkspaceError, match="was deleted or moved"):
        projects.create_project(database, "Bees")


def test_a_full_disk_is_said_in_a_sentence_and_nothing_is_lost(database: Database, project: str):
    with database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    limited = database.engine.pool.connect()
    limited.close()
    for _ in range(database.engine.pool.checkedin()):
        connection = database.engine.pool.connect()
        connection.cursor().execute(f"PRAGMA max_page_count={pages + 1}")
        connection.close()
    with pytest.raises(WorkspaceError, match=r"disk that holds .* is full"):
        items.add_items(database, project, [image(number) for number in range(2_000)])
    assert projects.get_project(database, project).images == 0


def test_a_workspace_that_is_a_file_is_said_in_a_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        Database(Settings(workspace=tmp_path / "file" / "workspace"))


def test_a_catalog_that_is_no_database_is_said_in_a_sentence(settings: Settings):
    settings.workspace.mkdir()
    (settings.workspace / "catalog.sqlite3").mkdir()
    with pytest.raises(WorkspaceError, match="cannot be used"):
        Database(settings)


def test_a_killed_writer_leaves_a_usable_catalog(settings: Settings):
    database = Database(settings)
    program = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        from core.catalog import projects
        from core.catalog.database import Database
        from core.settings import Settings
        database = Database(Settings(workspace=Path({str(settings.workspace)!r})))
        projects.create_project(database, "kept")
        with database.write() as session:
            projects.find_project(session, projects.list_projects(database)[0].id).name = "half done"
            session.flush()
            print("writing", flush=True)
            sys.stdin.read()
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout.readline() == "writing\n"
        os.kill(writer.pid, signal.SIGKILL)
    assert [project.name for project in projects.list_projects(database)] == ["kept"]
    projects.create_project(database, "next")
    database.close()


def test_more_images_than_a_statement_takes_come_and_go(database: Database, project: str):
    many = 40_000
    assert items.add_items(database, project, [image(number) for number in range(many)]) == many
    assert items.add_items(database, project, [image(0), image(many)]) == 1
    assert len(projects.delete_project(database, project).digests) == many + 1
