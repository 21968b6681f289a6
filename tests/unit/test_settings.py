"""The environment is read once, and what cannot be meant is said in a sentence."""

from pathlib import Path

import pytest

from core.errors import InputError
from core.settings import GIB, VARIABLES, Settings

SET = {
    "GRAFT_WORKSPACE": "/somewhere",
    "GRAFT_DATABASE_URL": "sqlite:////elsewhere.sqlite3",
    "GRAFT_CACHE_GB": "0.5",
    "GRAFT_WORKERS": "3",
    "GRAFT_WARM": "no",
    "GRAFT_HOSTS": "graft.school.example, lab",
    "KERAS_HOME": "/weights",
}


def test_every_variable_is_read():
    assert set(SET) == set(VARIABLES)
    assert Settings.from_environment(SET) == Settings(
        workspace=Path("/somewhere").absolute(),
        database_url="sqlite:////elsewhere.sqlite3",
        cache_bytes=GIB // 2,
        workers=3,
        warm=False,
        hosts=("graft.school.example", "lab"),
        keras_home=Path("/weights").absolute(),
    )


@pytest.mark.parametrize("empty", [{}, dict.fromkeys(SET, "")])
def test_what_is_not_set_has_a_default(empty):
    settings = Settings.from_environment(empty)
    assert (settings.cache_bytes, settings.workers, settings.warm) == (10 * GIB, 1, True)
    assert settings.database_url == f"sqlite:///{settings.workspace / 'catalog.sqlite3'}"
    assert settings.keras_home == Path.home() / ".keras"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "GRAFT_CACHE_GB",
            "much",
            "GRAFT_CACHE_GB is 'much', which is not a positive number. Set it to 10, or remove it.",
        ),
        (
            "GRAFT_CACHE_GB",
            "nan",
            "GRAFT_CACHE_GB is 'nan', which is not a positive number. Set it to 10, or remove it.",
        ),
        ("GRAFT_WORKERS", "0", "GRAFT_WORKERS is '0', which is not a positive number. Set it to 1, or remove it."),
        ("GRAFT_WARM", "maybe", "GRAFT_WARM is 'maybe', which is neither yes nor no. Set it to one of them."),
    ],
)
def test_what_cannot_be_meant_is_said_in_a_sentence(name, value, sentence):
    with pytest.raises(InputError) as caught:
        Settings.from_environment({name: value})
    assert str(caught.value) == sentence
