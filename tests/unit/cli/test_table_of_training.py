"""Accepted images become the manifest of a training."""

import zipfile
from pathlib import Path

import pytest

from core.checks.dataset import Dataset, ingested_dataset
from core.cli.train import _report_split_groups, manifest_from
from core.dataset.manifest import SPLIT_NAMES
from core.intake.ingestion import ingest
from core.storage.blobs import OriginalStore
from tests.unit.checks.photographs import photograph

SHARES = (60.0, 20.0, 20.0)


def _dataset(folder: Path, store: OriginalStore, table: str = "", copies: int = 0) -> Dataset:
    """40 drawn photographs in two classes, some of them once more in a smaller size, and perhaps a table."""
    path = folder / "images.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(40):
            _write(archive, f"{'ab'[number % 2]}/{number}-{number * 37 % 101}.png", number, 48)
        for number in range(copies):
            _write(archive, f"{'ab'[number % 2]}/copy of {number}.png", number, 40)
        if table:
            archive.writestr("labels.csv", table)
    return ingested_dataset(list(ingest(path, store)), store)


def _write(archive: zipfile.ZipFile, name: str, seed: int, side: int) -> None:
    with archive.open(name, "w") as file:
        photograph(seed).resize((side, side)).save(file, "PNG")


@pytest.fixture
def store(tmp_path: Path) -> OriginalStore:
    return OriginalStore(tmp_path / "originals", tmp_path / "thumbnails")


def test_unlabelled_and_excluded_images_are_left_out(tmp_path: Path, store: OriginalStore):
    names = [f"{'ab'[number % 2]}/{number}-{number * 37 % 101}.png" for number in range(40)]
    rows = [f"{name},{name[0] * (name != names[8])},{'yes' if name == names[9] else ''}" for name in names]
    dataset = _dataset(tmp_path, store, "\n".join(["file,label,excluded", *rows]))
    assert set(manifest_from(dataset, SHARES, seed=0).names) == {*names} - {names[8], names[9]}


@pytest.mark.parametrize("seed", range(3))
def test_copies_of_one_picture_stay_in_one_split(tmp_path: Path, store: OriginalStore, seed: int, capsys):
    dataset = _dataset(tmp_path, store, copies=12)
    manifest = manifest_from(dataset, SHARES, seed)
    split_of = dict(zip(manifest.names, manifest.splits.tolist(), strict=True))
    for number in range(12):
        folder = "ab"[number % 2]
        assert split_of[f"{folder}/{number}-{number * 37 % 101}.png"] == split_of[f"{folder}/copy of {number}.png"]
    assert manifest.counts().sum(axis=0).tolist() == [30, 12, 10] or manifest.counts().min() > 0
    assert _report_split_groups(dataset, manifest) == {"sets": 12, "images": 24}
    assert "24 images are in 12 sets of copies, bursts or groups" in capsys.readouterr().err


def test_a_fixed_split_that_separates_copies_gives_a_warning(tmp_path: Path, store: OriginalStore, capsys):
    pairs = [(f"b/{number}-{number * 37 % 101}.png", f"b/copy of {number}.png") for number in (1,)]
    rows = [f"{name},{name[0]},{split}" for pair in pairs for name, split in zip(pair, ("train", "test"), strict=True)]
    dataset = _dataset(tmp_path, store, "\n".join(["file,label,split", *rows]), copies=2)
    manifest = manifest_from(dataset, SHARES, seed=0)
    _report_split_groups(dataset, manifest)
    assert {SPLIT_NAMES[manifest.splits[manifest.names.index(name)]] for name in pairs[0]} == {"train", "test"}
    assert "Warning: 2 images in 1 set of duplicates" in capsys.readouterr().err
