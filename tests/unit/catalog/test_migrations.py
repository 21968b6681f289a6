"""A workspace that version 0.1 wrote is read, edited and finished by this version."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from core.catalog import edits, items, jobs, labels, projects, runs
from core.catalog.database import Database
from core.catalog.projects import Project
from core.catalog.schema import Base
from core.dataset.manifest_file import load_manifest
from core.evaluation.metrics.embedding import read_embedding
from core.evaluation.report.report import read_report
from core.export.certificate import Certificate
from core.jobs.events import Ended, Started
from core.jobs.queue import read_events
from core.jobs.specs import (
    SPECS,
    ExportDatasetResult,
    ExportModelResult,
    IngestResult,
    IngestSpec,
    SplitDatasetSpec,
    TsneResult,
)
from core.settings import Settings
from core.training.recipe import load_recipe, read_recipe
from pages.shared.draft import load_draft
from tests.old_workspace import COPY, FINISHED, PROJECT, STOPPED_AFTER_AN_EPOCH, STOPPED_BEFORE_START, restore_workspace


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return restore_workspace(tmp_path / "workspace")


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = Database(settings)
    yield database
    database.close()


@pytest.fixture
def project(database: Database) -> Project:
    return next(project for project in projects.list_projects(database) if project.name == PROJECT)


def test_an_old_catalog_has_the_newest_tables(database: Database):
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_an_old_projects_images_keep_their_classes_splits_groups_and_files(
    database: Database, settings: Settings, project: Project
):
    assert {project.name for project in projects.list_projects(database)} == {PROJECT, COPY}
    counts = {label.name: label.images for label in labels.list_labels(database, project.id)}
    assert sum(counts.values()) == 18
    assert counts.keys() == {"oak", "Beech", "ash", "empty"}
    every = items.list_items(database, project.id)
    assert len(every) == 20
    assert {item.split for item in every} == {"train", "validation", "test"}
    assert {item.group for item in every if item.label == "ash"} == {"burst 1"}
    assert all((settings.originals / item.digest[:2] / item.digest).is_file() for item in every)
    assert [rejected.name for rejected in items.list_rejected_files(database, project.id)] == ["oak/broken.png"]


def test_an_old_edit_can_be_undone(database: Database, project: Project):
    edit = edits.last_edit(database, project.id)
    assert edit is not None
    assert edit.title == "1 image deleted"
    edits.undo_edit(database, project.id, edit.id)
    assert items.count_items(database, project.id) == 21


def test_an_old_project_can_be_deleted_and_brought_back(database: Database, project: Project):
    assert project.deleted_at is None
    projects.trash_project(database, project.id)
    assert [one.name for one in projects.list_projects(database)] == [COPY]
    projects.restore_project(database, project.id)
    assert projects.get_project(database, project.id) == project


def test_an_old_draft_is_read(database: Database, project: Project):
    text, _ = projects.load_draft(database, project.id)
    draft = load_draft(text)
    assert draft.shares == (50, 25, 25)
    assert draft.recipe.backbone.name == "Starter"


def test_old_runs_keep_their_recipes_and_figures(database: Database, project: Project):
    by_name = {run.name: run for run in runs.list_runs(database, project.id)}
    assert by_name.keys() == {FINISHED, STOPPED_BEFORE_START, STOPPED_AFTER_AN_EPOCH}
    assert load_recipe(by_name[FINISHED].recipe).head_phase.epochs == 2
    assert by_name[FINISHED].summary is not None
    assert by_name[FINISHED].summary.test_accuracy == 1
    assert by_name[STOPPED_BEFORE_START].job.status == "stopped"


def test_the_files_of_an_old_run_are_read(database: Database, settings: Settings, project: Project):
    run = next(run for run in runs.list_runs(database, project.id) if run.name == FINISHED)
    folder = settings.runs / run.id
    report, manifest = read_report(folder), load_manifest(folder)
    assert report.metrics.test.accuracy == 1
    assert len(manifest.digests) == 18
    assert read_recipe(folder) == load_recipe(run.recipe)
    assert np.isfinite(read_embedding(folder).features).all()


def test_the_events_of_every_old_job_are_read(database: Database):
    ended = [job for job in jobs.list_jobs(database) if job.ended and job.started_at is not None]
    assert len(ended) > 12
    for job in ended:
        events = [event for _, _, event in read_events(database, job.id)]
        assert isinstance(events[0], Started)
        assert isinstance(events[-1], Ended)
        assert events[-1].status == job.status


def test_every_old_job_has_a_spec_and_a_result_of_its_kind(database: Database, settings: Settings, project: Project):
    listed = jobs.list_jobs(database)
    by_kind = {kind: [job for job in listed if job.kind == kind] for kind in sorted({job.kind for job in listed})}
    assert len(by_kind) == 11  # all that 0.1 knew
    for kind, old in by_kind.items():
        for job in old:
            assert type(job.spec) is SPECS[kind]
            assert job.result is None or type(job.result) is SPECS[kind].result
    ingest, burst, *_ = by_kind["ingest"]
    assert ingest.spec == IngestSpec(paths=("uploads/0a1b2c3d/leaves",), remove_uploads=True)
    assert burst.spec_as(IngestSpec).group == "burst 1"
    groups = burst.result_as(IngestResult).split_groups
    assert (groups.groups, groups.largest[0].kinds) == (1, ("group",))
    assert [job.result.guess.classes[0].name for job in by_kind["ingest"] if job.result and job.result.guess] == ["elm"]
    assert by_kind["split-dataset"][0].spec == SplitDatasetSpec(shares=(50, 25, 25), seed=3)
    assert by_kind["export-dataset"][0].result_as(ExportDatasetResult).path == f"datasets/{project.id}.zip"
    assert settings.resolve(by_kind["tsne"][0].result_as(TsneResult).path).is_file()
    assert Certificate.model_validate(by_kind["export-model"][0].result_as(ExportModelResult).certificate).images == 3
