"""The sample sets agree with their cards and are reproducible."""

import zipfile
from collections import Counter
from functools import cache

import numpy as np
import pytest

from core.errors import NotFoundError, WorkspaceError
from core.intake import leaves
from core.intake.ingestion import ingest
from core.intake.results import Accepted
from core.intake.samples import SAMPLES, write_sample


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Give each sample set as a zip, written once for all tests."""
    return cache(lambda name: write_sample(name, tmp_path_factory.mktemp("samples")))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_set_holds_the_images_that_its_card_promises(written, name):
    with zipfile.ZipFile(written(name)) as archive:
        classes = Counter(path.split("/")[1] for path in archive.namelist())
    sample = SAMPLES[name]
    assert tuple(classes) == sample.classes
    assert set(classes.values()) == {sample.images // len(sample.classes)}
    assert all((sample.title, sample.sentence, sample.licence, sample.source))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_set_is_always_the_same(tmp_path, written, name):
    assert write_sample(name, tmp_path).read_bytes() == written(name).read_bytes()


def test_a_sample_set_is_accepted_whole(written, store):
    results = list(ingest(written("shapes"), store))
    assert len(results) == SAMPLES["shapes"].images
    assert all(isinstance(one, Accepted) for one in results)
    assert len({one.digest for one in results}) == len(results)
    assert {one.label for one in results} == set(SAMPLES["shapes"].classes)


def test_an_unknown_sample_set(tmp_path):
    with pytest.raises(
        NotFoundError, match=r"There is no sample set 'x'\. Choose one of: leaves, faulty-leaves, digits, shapes\."
    ):
        write_sample("x", tmp_path)


def test_a_folder_that_is_gone(tmp_path):
    with pytest.raises(WorkspaceError, match=r"digits\.zip cannot be written: No such file or directory"):
        write_sample("digits", tmp_path / "gone")


def test_the_faulty_leaves_hold_each_fault_once_a_class(written):
    with zipfile.ZipFile(written("faulty-leaves")) as archive:
        images = {path.partition("/")[2]: archive.read(path) for path in archive.namelist()}
    faults = leaves.planted_faults()
    assert Counter(faults.values()) == dict.fromkeys(leaves.FAULTS, len(leaves.CLASSES))
    assert faults.keys() < images.keys()
    good = [data for path, data in images.items() if path not in faults]
    copies = {images[path] for path, fault in faults.items() if fault == "exact copy"}
    assert copies <= set(good)
    assert len(set(images.values())) == len(images) - len(copies)


def test_no_leaf_is_cut_off():
    for name in leaves.CLASSES:
        for seed in range(10):
            border = np.asarray(leaves.draw_leaf(name, np.random.default_rng(seed)).convert("L"), np.int64)
            edge = np.concatenate([border[0], border[-1], border[:, 0], border[:, -1]])
            # Paper alone: a blade that reaches the edge is far darker than its surroundings there.
            assert (np.abs(np.diff(edge)) > 60).sum() <= 6, f"{name}, seed {seed}"
