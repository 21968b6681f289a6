"""The connection to the catalog: transactions, and sentences for errors of the disk."""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.errors import WorkspaceError
from core.settings import Settings

BUSY_SECONDS = 30
SQLITE_VARIABLES = 32_766  # in one statement; SQLite's default, which some systems raise
VARIABLES = 10_000
JOURNAL_BYTES = 64 * 1024  # SQLite needs 32 KiB of shared memory beside the journal
_WRITES = "graft_writes"


class Database:
    """An open catalog, upgraded to the newest schema.

    Threads may share it; each process opens its own.

    Args:
        settings: Where the catalog is.

    Raises:
        WorkspaceError: The folder cannot be created or written, or the database cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = make_url(settings.database_url)
        self._file = _sqlite_file(self._url)
        try:
            settings.workspace.mkdir(parents=True, exist_ok=True)
            with FileLock(settings.workspace / "catalog.lock", timeout=60):
                self._engine = _open(self._url)
                _upgrade(self._engine, settings.workspace)
        except OSError as error:
            raise WorkspaceError(
                f"The workspace {settings.workspace} cannot be written: {error.strerror or error}.",
                "Free some space or allow writing there, or set GRAFT_WORKSPACE to another folder.",
            ) from error
        except OperationalError as error:
            raise _workspace_error(error, settings.workspace) from error
        self._writing = self._engine.execution_options(**{_WRITES: True})
        self._workspace = settings.workspace

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session for reading.

        Raises:
            WorkspaceError: The workspace was deleted, or the database cannot be read.
        """
        with self._session(self._engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session whose changes are committed at the end, or rolled back if something is raised.

        Raises:
            WorkspaceError: The disk is full, the workspace was deleted, or the database cannot be written.
        """
        with self._session(self._writing) as session, session.begin():
            yield session

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        if self._file is not None and not self._file.exists():
            raise WorkspaceError(
                f"The workspace {self._workspace} was deleted or moved while Graft was running.",
                "Put it back, or start Graft again to begin with an empty one.",
            )
        try:
            with Session(engine, expire_on_commit=False) as session:
                yield session
        except OperationalError as error:
            raise _workspace_error(error, self._workspace) from error

    def truncate_log(self) -> None:
        """Empty SQLite's write-ahead log, which holds older versions of pages; put off while another process reads."""
        if self._file is not None:
            with self._engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert isinstance(raw, sqlite3.Connection)
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @property
    def engine(self) -> Engine:
        """The engine, for migrations and tests."""
        return self._engine


def _sqlite_file(url: URL) -> Path | None:
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _open(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins transactions too late; see _begin
        # What is deleted is overwritten, so that no name of a deleted project or file stays in a free page.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, SQLITE_VARIABLES)  # the same on every machine

    # A transaction that reads first and writes later fails at once if another process wrote meanwhile. One that takes
    # the write lock with its first statement waits instead.
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _upgrade(engine: Engine, workspace: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.execution_options(**{_WRITES: True}).begin() as connection:
        config.attributes["connection"] = connection
        config.attributes["workspace"] = workspace
        command.upgrade(config, "head")


def _workspace_error(error: OperationalError, workspace: Path) -> WorkspaceError:
    reason = str(error.orig)
    if "full" in reason or ("I/O error" in reason and _is_full(workspace)):
        return WorkspaceError(
            f"The disk that holds {workspace} is full; everything stored before is safe.",
            "Free some space, then do it again.",
        )
    return WorkspaceError(
        f"The catalog in {workspace} cannot be used: {reason}.",
        "Check that the folder exists and may be written to.",
    )


def _is_full(workspace: Path) -> bool:
    """Whether a database cannot be opened for lack of room for its journal; SQLite calls that an I/O error."""
    with suppress(OSError):
        return shutil.disk_usage(workspace).free < JOURNAL_BYTES
    return False


def chunks(values: Sequence[str]) -> list[Sequence[str]]:
    """Divide values into parts that fit into one statement."""
    return [values[start : start + VARIABLES] for start in range(0, len(values), VARIABLES)]
