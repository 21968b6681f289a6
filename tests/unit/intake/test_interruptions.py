"""An image that was reported as accepted stays stored, whatever happens next."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from intake_files import ONE, accepted_and_rejected, picture, zipped

from core.errors import WorkspaceError
from core.intake import rejection_messages
from core.intake.ingestion import ingest
from core.intake.results import Limits, Rejected
from core.storage.blobs import OriginalStore

ROOT = Path(__file__).parents[3]


def test_a_file_that_goes_while_it_is_accepted_is_rejected(tmp_path, store):
    for seed in range(12):
        (tmp_path / f"{seed:02}.png").write_bytes(picture(seed))
    results = ingest(sorted(tmp_path.glob("*.png")), store, limits=ONE)
    first = next(results)
    (tmp_path / "11.png").unlink()
    assert first.name == "00.png"
    assert list(results)[-1] == Rejected("11.png", rejection_messages.MAY_NOT_BE_READ)


def test_a_file_that_grew_since_it_was_listed_is_rejected(tmp_path, store):
    limits = Limits(decoders=1, file_bytes=2_000_000)
    (tmp_path / "1.png").write_bytes(picture(1))
    results = ingest([tmp_path / "1.png"], store, limits=limits, should_stop=lambda: _grow(tmp_path / "1.png"))
    assert list(results) == [Rejected("1.png", rejection_messages.TOO_LARGE.format(megabytes=2))]


def _grow(path):
    path.write_bytes(bytes(2_000_001))
    return False


def test_stopping_reports_what_was_under_way(tmp_path, store):
    source = zipped(tmp_path / "a.zip", {f"ants/{seed}.png": picture(seed) for seed in range(30)})
    results = []
    for result in ingest(source, store, limits=ONE, should_stop=lambda: len(results) >= 3):
        results.append(result)
    assert 3 <= len(results) < 15
    assert {path.name for path in store.originals.glob("??/*")} == {one.digest for one in results}


def test_an_abandoned_ingestion_leaves_no_scratch_files(tmp_path, store):
    results = ingest(
        zipped(tmp_path / "a.zip", {f"{seed}.png": picture(seed) for seed in range(30)}), store, limits=ONE
    )
    next(results)
    results.close()
    assert list(store.scratch().iterdir()) == []


def test_a_full_disk_stops_and_keeps_what_was_reported(tmp_path, store, monkeypatch):
    source = zipped(tmp_path / "a.zip", {f"ants/{seed}.png": picture(seed) for seed in range(20)})
    results = ingest(source, store, limits=ONE)
    first = next(results)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(WorkspaceError, match="The disk is full"):
        list(results)
    assert store.has(first.digest)


def test_a_workspace_that_is_deleted_gives_one_sentence(tmp_path):
    (tmp_path / "workspace").write_text("in the way")
    store = OriginalStore(tmp_path / "workspace" / "originals", tmp_path / "workspace" / "thumbnails")
    with pytest.raises(WorkspaceError, match="cannot be written: Not a directory"):
        list(ingest(zipped(tmp_path / "a.zip", {"1.png": picture(1)}), store))


KILLED = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from core.storage.blobs import OriginalStore
from core.intake.results import Limits
from core.intake.ingestion import ingest
store = OriginalStore(Path({originals!r}), Path({thumbnails!r}))
for result in ingest(Path({source!r}), store, limits=Limits(decoders=2)):
    print(result.digest, flush=True)
"""


def test_a_kill_in_the_middle_loses_nothing_that_was_reported(tmp_path, store):
    source = zipped(tmp_path / "a.zip", {f"ants/{seed}.png": picture(seed, size=(60, 40)) for seed in range(300)})
    code = KILLED.format(
        root=str(ROOT), originals=str(store.originals), thumbnails=str(store.thumbnails), source=str(source)
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    reported = [process.stdout.readline().strip() for _ in range(40)]
    children = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    assert len(children) == 3  # the archive reader and two decoders
    assert psutil.wait_procs(children, timeout=10)[1] == []
    for digest in reported:
        assert hashlib.sha256(store.path(digest).read_bytes()).hexdigest() == digest
        assert store.thumbnail_path(digest).is_file()
    accepted, rejected = accepted_and_rejected(source, store, known=set(reported))
    assert len(rejected) == 40
    assert len(accepted) == 260


def test_scratch_files_of_a_killed_process_go_after_a_day(store):
    left = store.scratch() / "intake-killed"
    left.mkdir()
    (left / "1").write_bytes(b"x")
    os.utime(left, (time.time() - 90_000,) * 2)
    assert list(store.scratch().iterdir()) == []
