"""The sample sets agree with their cards and are reproducible."""

import hashlib
import zipfile
from collections import Counter

import pytest

from core.errors import NotFoundError, WorkspaceError
from core.intake.ingestion import ingest
from core.intake.results import Accepted
from core.intake.samples import SAMPLES, write_sample


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_set_holds_the_images_that_its_card_promises(tmp_path, name):
    with zipfile.ZipFile(write_sample(name, tmp_path)) as archive:
        classes = Counter(path.split("/")[1] for path in archive.namelist())
    sample = SAMPLES[name]
    assert tuple(classes) == sample.classes
    assert set(classes.values()) == {sample.images // len(sample.classes)}
    assert all((sample.title, sample.sentence, sample.licence, sample.source))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_set_is_always_the_same(tmp_path, name):
    first, second = tmp_path / "first", tmp_path / "second"
    digests = set()
    for folder in (first, second):
        folder.mkdir()
        digests.add(hashlib.sha256(write_sample(name, folder).read_bytes()).hexdigest())
    assert len(digests) == 1


def test_a_sample_set_is_accepted_whole(tmp_path, store):
    results = list(ingest(write_sample("shapes", tmp_path), store))
    assert len(results) == SAMPLES["shapes"].images
    assert all(isinstance(one, Accepted) for one in results)
    assert len({one.digest for one in results}) == len(results)
    assert {one.label for one in results} == set(SAMPLES["shapes"].classes)


def test_an_unknown_sample_set(tmp_path):
    with pytest.raises(NotFoundError, match=r"There is no sample set 'x'\. Choose one of: digits, shapes\."):
        write_sample("x", tmp_path)


def test_a_folder_that_is_gone(tmp_path):
    with pytest.raises(WorkspaceError, match=r"digits\.zip cannot be written: No such file or directory"):
        write_sample("digits", tmp_path / "gone")
