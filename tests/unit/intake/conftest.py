"""A store in a fresh workspace."""

import pytest

from core.catalog.originals import OriginalStore


@pytest.fixture
def store(tmp_path):
    return OriginalStore(tmp_path / "workspace" / "originals", tmp_path / "workspace" / "thumbnails")
