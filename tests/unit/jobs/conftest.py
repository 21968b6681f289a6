"""Fixtures of the tests of jobs."""

from collections.abc import Iterator

import pytest

from core.catalog.database import Database
from core.settings import Settings


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The catalog of a fresh workspace."""
    database = Database(settings)
    yield database
    database.close()
