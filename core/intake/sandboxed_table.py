"""Tables read in a child process with limits: a hostile spreadsheet harms only itself."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

from core.intake import rejection_messages
from core.intake.results import MEGABYTE
from core.intake.sources import TABLE_BYTES
from core.intake.table import Table, TableError, read_table
from core.sandbox import Sandbox, SandboxError, SandboxLimits

LIMITS: Final = SandboxLimits(seconds=30, memory_bytes=512 * MEGABYTE)
# Sets such as GTSRB have a table in each of 43 folders. Each may name every file, so their size is bounded together.
MAX_TABLES: Final = 1000
MAX_BYTES: Final = 20 * TABLE_BYTES
# Rows in one reply of the child.
ROWS_TOGETHER: Final = 1000


class TableReader:
    """Reads the tables of one ingestion in a child process, which is started for the first of them."""

    def __init__(self) -> None:
        self._sandbox: Sandbox | None = None
        self._tables = 0
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def read(self, data: bytes) -> Table:
        """Read a table as `core.intake.table.read_table` does.

        Raises:
            TableError: It cannot be read, takes too much time or memory, or there are too many of them.
        """
        self._tables += 1
        self._bytes += len(data)
        if self._tables > MAX_TABLES or self._bytes > MAX_BYTES:
            limits = {"tables": MAX_TABLES, "megabytes": MAX_BYTES // MEGABYTE}
            raise TableError(rejection_messages.TOO_MANY_TABLES.format(**limits))
        if self._sandbox is None:
            self._sandbox = Sandbox("core.intake.sandboxed_table:answer", LIMITS, purpose="table reader")
        with tempfile.NamedTemporaryFile(prefix="graft-table-") as file:
            file.write(data)
            file.flush()
            try:
                replies = [header for header, _ in self._sandbox.stream({"path": file.name})]
            except SandboxError as error:
                self._close()
                raise TableError(rejection_messages.TABLE_TOO_LARGE) from error
        if "rejected" in replies[0]:
            raise TableError(replies[0]["rejected"])
        return Table(tuple(replies[0]["head"]), [row for reply in replies[1:] for row in reply["rows"]])

    def _close(self) -> None:
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None


def answer(request: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Read a table and yield its head and rows, in the child process."""
    try:
        table = read_table(Path(request["path"]).read_bytes())
    except TableError as error:
        yield {"rejected": error.sentence}, b""
        return
    yield {"head": table.head}, b""
    for start in range(0, len(table.rows), ROWS_TOGETHER):
        yield {"rows": table.rows[start : start + ROWS_TOGETHER]}, b""
