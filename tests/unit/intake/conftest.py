"""A store in a fresh workspace."""

import pytest

from core.storage.blobs import OriginalStore


@pytest.fixture
def store(tmp_path):
    return OriginalStore(tmp_path / "workspace" / "originals", tmp_path / "workspace" / "thumbnails")
