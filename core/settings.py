"""Environment variables -> one frozen settings object. Nothing else in `core` or `pages` reads the environment.

`VARIABLES` is the registry that the README's table is tested against.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

import platformdirs
from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from core.errors import InputError

GIB: Final = 1024**3

PositiveNumber = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Folder = Annotated[Path, BeforeValidator(lambda text: Path(text).expanduser().absolute())]


# pydantic-settings would also read the process environment for a Settings that a test or a worker made by hand; a
# plain model that is given the variables does not.
class _Environment(BaseModel):
    """The variables, by name; their descriptions are the README's."""

    GRAFT_WORKSPACE: Folder = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("graft", appauthor=False)).absolute(),
        description="the folder for projects, images, runs and caches (default: in your user data directory)",
    )
    GRAFT_DATABASE_URL: str = Field("", description="the catalog's database (default: an SQLite file in the workspace)")
    GRAFT_CACHE_GB: PositiveNumber = Field(
        10,
        description="how large the cache of activations and working copies may grow, in gigabytes (default: 10)",
    )
    GRAFT_WORKERS: PositiveNumber = Field(
        1, description="how many trainings may run at once on this machine (default: 1)"
    )
    GRAFT_WARM: Literal["yes", "no"] = Field(
        "yes",
        description="`no`: no worker imports a framework before a job needs it, which saves 1.4 GB until then and "
        "costs that job some 10 s more (default: `yes`)",
    )
    GRAFT_HOSTS: str = Field(
        "",
        description="further host names, separated by commas, under which the web server answers (default: only "
        "localhost and the addresses of this machine on which it listens)",
    )
    KERAS_HOME: Folder = Field(
        default_factory=lambda: Path.home() / ".keras",
        description="the folder whose `models` holds ImageNet weights (default: `.keras` in your home folder)",
    )


VARIABLES: Final = {name: variable.description or "" for name, variable in _Environment.model_fields.items()}


@dataclass(frozen=True)
class Settings:
    """Where things are stored and how large they may grow.

    Attributes:
        workspace: Folder of everything that Graft stores. Created by the first writer.
        database_url: SQLAlchemy URL of the catalog; default: an SQLite file in the workspace.
        cache_bytes: Bound of the array caches, in bytes.
        workers: Number of trainings that run at once.
        warm: Whether workers import the frameworks before the first job needs them.
        hosts: Further host names under which the web server answers.
        keras_home: Folder whose `models` holds downloaded weights.
    """

    workspace: Path
    database_url: str = ""
    cache_bytes: int = 10 * GIB
    workers: int = 1
    warm: bool = True
    hosts: tuple[str, ...] = ()
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
        """Thumbnails for the gallery, by digest."""
        return self.workspace / "thumbnails"

    @property
    def uploads(self) -> Path:
        """Uploaded files that wait for their intake, which removes them."""
        return self.workspace / "uploads"

    @property
    def datasets(self) -> Path:
        """One zip a project: its images as last exported, to be downloaded."""
        return self.workspace / "datasets"

    @property
    def cache(self) -> Path:
        """Everything that can be computed again: pixels, activations, converted networks."""
        return self.workspace / "cache"

    @property
    def arrays(self) -> Path:
        """Cached rows of images: pixels and activations."""
        return self.cache / "rows"

    @property
    def duplicates(self) -> Path:
        """Results of the search for duplicates, by set of images."""
        return self.cache / "duplicates"

    @property
    def runs(self) -> Path:
        """One folder a run: model, report, checkpoints."""
        return self.workspace / "runs"

    @property
    def predictions(self) -> Path:
        """One folder a job that classified files: copies of the images, and their predictions."""
        return self.workspace / "predictions"

    @property
    def logs(self) -> Path:
        """Output of the worker processes, one file a job."""
        return self.workspace / "logs"

    def relative(self, path: Path) -> str:
        """Give a path as jobs store it: relative to the workspace if it lies there, with slashes."""
        return path.relative_to(self.workspace).as_posix() if path.is_relative_to(self.workspace) else str(path)

    def resolve(self, path: str) -> Path:
        """Give the path that `relative` wrote."""
        return self.workspace / path

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings; an empty variable counts as unset.

        Raises:
            InputError: A variable has a value that it cannot have.
        """
        given = {name: environ[name] for name in VARIABLES if environ.get(name)}
        try:
            read = _Environment.model_validate(given)
        except ValidationError as error:
            raise _wrong_value(str(error.errors()[0]["loc"][0]), given) from error
        return cls(
            workspace=read.GRAFT_WORKSPACE,
            database_url=read.GRAFT_DATABASE_URL,
            cache_bytes=int(read.GRAFT_CACHE_GB * GIB),
            workers=max(1, int(read.GRAFT_WORKERS)),
            warm=read.GRAFT_WARM == "yes",
            hosts=tuple(host.strip() for host in read.GRAFT_HOSTS.split(",") if host.strip()),
            keras_home=read.KERAS_HOME,
        )


def _wrong_value(name: str, given: Mapping[str, str]) -> InputError:
    variable = _Environment.model_fields[name]
    if variable.annotation is float:
        return InputError(
            f"{name} is {given[name]!r}, which is not a positive number.",
            f"Set it to {variable.default}, or remove it.",
        )
    return InputError(f"{name} is {given[name]!r}, which is neither yes nor no.", "Set it to one of them.")
