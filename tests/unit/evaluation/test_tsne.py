"""The t-SNE map keeps clusters together; a job computes and stores it."""

import numpy as np
import pytest

from core.catalog import jobs
from core.errors import InputError, NotFoundError
from core.evaluation.metrics import tsne
from core.evaluation.metrics.embedding import make_embedding
from core.evaluation.metrics.tsne import TSNE_FILE, compute_tsne, read_tsne
from core.jobs.handlers.tsne import tsne as handle_tsne
from core.jobs.specs import TsneSpec
from core.jobs.worker import JobContext
from tests.finished_runs import add_project, add_run, open_workspace


def embedding_of(groups=6, images=20, features=40):
    """Groups along a long line, of which two directions show little, each with its spread."""
    generator = np.random.default_rng(0)
    centres = generator.normal(0, 4, (groups, features))
    made = np.repeat(centres, images, axis=0) + generator.normal(0, 1, (groups * images, features))
    splits = np.arange(groups * images) % 3
    return make_embedding([f"{row:064x}" for row in range(len(made))], splits.astype(np.int8), made)


def test_clusters_stay_together():
    embedding = embedding_of()
    digests, coordinates = compute_tsne(embedding)
    assert (digests, coordinates.shape, coordinates.dtype) == (embedding.digests, (120, 2), np.float32)
    away = np.linalg.norm(coordinates[:, np.newaxis] - coordinates, axis=-1) + np.diag(np.full(120, np.inf))
    assert (np.arange(120) // 20 == away.argmin(axis=1) // 20).all()


def test_the_same_images_have_the_same_map():
    np.testing.assert_array_equal(compute_tsne(embedding_of(3))[1], compute_tsne(embedding_of(3))[1])


def test_a_sample_of_too_many_images_is_taken(monkeypatch):
    monkeypatch.setattr(tsne, "MOST_IMAGES", 50)
    embedding = embedding_of()
    digests, coordinates = compute_tsne(embedding)
    assert len(digests) == len(set(digests)) == len(coordinates) == 50
    assert set(digests) < set(embedding.digests)


def test_a_few_images_are_enough_and_fewer_are_refused():
    assert len(compute_tsne(embedding_of(2, 4))[1]) == 8
    with pytest.raises(InputError, match=r"^A t-SNE map needs 8 images, and there are 7\."):
        compute_tsne(embedding_of(1, 7))


def test_a_job_makes_and_keeps_it(settings):
    workspace = open_workspace(settings)
    project = add_project(workspace)
    run = add_run(workspace, project)
    job = jobs.get_job(workspace.database, jobs.add_job(workspace.database, project, TsneSpec(run=run)))
    assert handle_tsne(JobContext(workspace.database, settings, job), job.spec_as(TsneSpec)).images == 40
    digests, places = read_tsne(settings.runs / run)
    assert len(digests) == len(places) == 40


def test_without_a_map_it_says_so(tmp_path):
    with pytest.raises(NotFoundError, match=r"^This run has no t-SNE map yet\."):
        read_tsne(tmp_path)


def test_a_damaged_map_is_refused(tmp_path):
    (tmp_path / TSNE_FILE).write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"^neighbours\.npz cannot be read\."):
        read_tsne(tmp_path)
