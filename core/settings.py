"""Environment variables -> one frozen settings object. Nothing else in `core` or `pages` reads the environment.

`VARIABLES` is the registry that the README's table is tested against.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from core.errors import InputError

GIB = 1024**3

VARIABLES = {
    "GRAFT_WORKSPACE": "the folder for projects, images, runs and caches (default: in your user data directory)",
    "GRAFT_DATABASE_URL": "the catalog's database (default: an SQLite file in the workspace)",
    "GRAFT_CACHE_GB": "how large the cache of activations and working copies may grow, in gigabytes (default: 10)",
    "GRAFT_WORKERS": "how many trainings may run at once on this machine (default: 1)",
    "GRAFT_WARM": (
        "`no`: no worker imports a framework before a job needs it, which saves 1.4 GB until then and costs that job "
        "some 10 s more (default: `yes`)"
    ),
    "KERAS_HOME": "the folder whose `models` holds ImageNet weights (default: `.keras` in your home folder)",
}


@dataclass(frozen=True)
class Settings:
    """Where things are and how large they may grow.

    Attributes:
        workspace: Folder of everything that Graft keeps. Created by whoever writes first.
        database_url: SQLAlchemy URL of the catalog.
        cache_bytes: Bound of the array caches, in bytes.
        workers: Trainings that run at once.
        warm: Whether workers import the frameworks before the first job needs them.
        keras_home: Folder whose `models` holds downloaded weights.
    """

    workspace: Path
    database_url: str = ""
    cache_bytes: int = 10 * GIB
    workers: int = 1
    warm: bool = True
    keras_home: Path = field(default_factory=lambda: Path.home() / ".keras")

    def __post_init__(self) -> None:
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.workspace / 'catalog.sqlite3'}")

    @property
    def originals(self) -> Path:
        """Uploaded image files, by digest."""
        return self.workspace / "originals"

    @property
    def thumbnails(self) -> Path:
        """Small pictures for the gallery, by digest."""
        return self.workspace / "thumbnails"

    @property
    def uploads(self) -> Path:
        """Archives on their way in; each is removed once it was taken in."""
        return self.workspace / "uploads"

    @property
    def datasets(self) -> Path:
        """One zip a project: its images as they were packed last, to be downloaded."""
        return self.workspace / "datasets"

    @property
    def cache(self) -> Path:
        """Everything that can be computed again: pixels, activations, converted networks."""
        return self.workspace / "cache"

    @property
    def runs(self) -> Path:
        """One folder a run: model, report, checkpoints."""
        return self.workspace / "runs"

    @property
    def logs(self) -> Path:
        """What worker processes printed, one file a job."""
        return self.workspace / "logs"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings.

        Raises:
            InputError: A number is none, or not positive; a choice is neither yes nor no.
        """
        workspace = environ.get("GRAFT_WORKSPACE") or platformdirs.user_data_dir("graft", appauthor=False)
        keras_home = environ.get("KERAS_HOME") or str(Path.home() / ".keras")
        warm = environ.get("GRAFT_WARM") or "yes"
        if warm not in ("yes", "no"):
            raise InputError(f"GRAFT_WARM is {warm!r}, which is neither yes nor no.", "Set it to one of them.")
        return cls(
            workspace=Path(workspace).expanduser().absolute(),
            database_url=environ.get("GRAFT_DATABASE_URL", ""),
            cache_bytes=int(_positive(environ, "GRAFT_CACHE_GB", 10) * GIB),
            workers=max(1, int(_positive(environ, "GRAFT_WORKERS", 1))),
            warm=warm == "yes",
            keras_home=Path(keras_home).expanduser().absolute(),
        )


def _positive(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "")
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not number > 0:
        raise InputError(f"{name} is {text!r}, which is not a positive number.", f"Set it to {default}, or remove it.")
    return number
