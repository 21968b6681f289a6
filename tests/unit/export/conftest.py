"""Fixture: an evaluated run on plain colours."""

from pathlib import Path
from typing import NamedTuple

import pytest

from core.dataset.manifest import Manifest
from core.dataset.manifest_file import save_manifest
from core.evaluation.evaluate import evaluate
from core.evaluation.report.report import Report
from core.storage.blobs import OriginalStore
from core.training.recipe import Recipe, dump_recipe
from tests.unit.evaluation.colours import colour_pictures, save_colour_model


class EvaluatedRun(NamedTuple):
    out: Path
    originals: OriginalStore
    manifest: Manifest
    report: Report
    pictures: Path


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory) -> EvaluatedRun:
    folder = tmp_path_factory.mktemp("evaluated")
    originals = OriginalStore(folder / "originals", folder / "thumbnails")
    manifest = colour_pictures(originals, folder / "pictures")
    out = folder / "run"
    save_colour_model(out)
    save_manifest(manifest, out)
    (out / "recipe.json").write_text(dump_recipe(Recipe()), encoding="utf-8")
    return EvaluatedRun(out, originals, manifest, evaluate(out, manifest, originals=originals), folder / "pictures")
