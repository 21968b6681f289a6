"""The array store keeps rows right under other processes, kills, a bound and a full disk."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from core.errors import WorkspaceError
from core.storage.arrays import ArrayStore

ROOT = Path(__file__).parents[3]
ROW_BYTES = 1024
MIB = 1024**2


def row(key):
    """A row that only its key can have."""
    return np.frombuffer(hashlib.shake_128(key.encode()).digest(ROW_BYTES), np.uint8)


def rows(keys):
    return np.stack([row(key) for key in keys])


def keys_of(start, stop):
    return [f"key {number}" for number in range(start, stop)]


@pytest.fixture
def store(tmp_path):
    return ArrayStore(tmp_path / "arrays", limit_bytes=64 * MIB, shard_bytes=64 * ROW_BYTES)


def fill(store, namespace, keys):
    with store.open(namespace) as opened:
        opened.append(keys, rows(keys))


WRITER = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from test_arrays import ROW_BYTES, ArrayStore, keys_of, rows
store = ArrayStore(Path({folder!r}), limit_bytes={limit}, shard_bytes=64 * ROW_BYTES)
with store.open("shared") as opened:
    for start in range({start}, {stop}, 32):
        keys = keys_of(start, start + 32)
        opened.append(keys, rows(keys))
        there, found = opened.get(keys_of(0, start + 32))
        assert (found == rows([k for k, t in zip(keys_of(0, start + 32), there) if t])).all()
        print(start, flush=True)
"""


def writer(store, start, stop, limit=64 * MIB):
    code = WRITER.format(
        root=str(ROOT), tests=str(Path(__file__).parent), folder=str(store.folder), start=start, stop=stop, limit=limit
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_rows_come_back_in_the_order_of_the_keys(store):
    fill(store, "a", keys_of(0, 200))
    wanted = [*keys_of(150, 160), *reversed(keys_of(0, 100)), "key 7", "key 7"]
    there, found = store.open("a").get(wanted)
    assert there.all()
    assert (found == rows(wanted)).all()


def test_rows_that_are_not_there_are_said_so(store):
    fill(store, "a", keys_of(0, 10))
    there, found = store.open("a").get(["key 3", "other", "key 4"])
    assert there.tolist() == [True, False, True]
    assert (found == rows(["key 3", "key 4"])).all()


def test_an_empty_namespace_has_nothing(store):
    there, found = store.open("a").get(keys_of(0, 3))
    assert not there.any()
    assert not len(found)


def test_rows_can_be_read_before_they_are_written(store):
    opened = store.open("a")
    opened.append(keys_of(0, 70), rows(keys_of(0, 70)))
    assert opened.present(keys_of(0, 71)).tolist() == [True] * 70 + [False]
    assert (opened.get(keys_of(60, 70))[1] == rows(keys_of(60, 70))).all()


def test_the_same_key_twice_is_kept_once(store):
    fill(store, "a", ["x", "y", "x"])
    assert (store.open("a").get(["x", "y"])[1] == rows(["x", "y"])).all()


def test_floats_of_any_shape_come_back_equal(store):
    values = np.random.default_rng(0).normal(size=(5, 3, 4)).astype(np.float16)
    with store.open("a") as opened:
        opened.append(keys_of(0, 5), values)
    assert (store.open("a").get(keys_of(0, 5))[1] == values).all()


def test_namespaces_are_apart(store):
    fill(store, "a", ["x"])
    assert not store.open("b").present(["x"]).any()


def test_rows_of_another_open_handle_are_seen(store):
    reader = store.open("a")
    assert not reader.present(["x"]).any()
    fill(store, "a", ["x"])
    assert (reader.get(["x"])[1] == rows(["x"])).all()


def test_the_store_stays_within_its_bound(tmp_path):
    store = ArrayStore(tmp_path, limit_bytes=512 * ROW_BYTES, shard_bytes=64 * ROW_BYTES)
    fill(store, "a", keys_of(0, 1024))
    assert store.used_bytes() <= store.limit_bytes
    assert store.open("a").present(keys_of(1000, 1024)).all()
    assert not store.open("a").present(keys_of(0, 64)).any()


def test_what_was_used_longest_ago_goes_first(tmp_path):
    store = ArrayStore(tmp_path, limit_bytes=256 * ROW_BYTES, shard_bytes=32 * ROW_BYTES)
    for namespace in ("old", "older"):
        fill(store, namespace, keys_of(0, 96))
    ages = {"old": 2000, "older": 1000}
    for path in store.folder.glob("*/*.keys.npy"):
        os.utime(path, (time.time() - ages[path.parent.name],) * 2)
    store.open("old").get(keys_of(0, 96))
    fill(store, "new", keys_of(0, 96))
    assert store.open("old").present(keys_of(0, 96)).all()
    assert not store.open("older").present(keys_of(0, 96)).all()


def test_a_reader_notices_that_rows_went(store):
    fill(store, "a", keys_of(0, 64))
    reader = store.open("a")
    assert reader.present(keys_of(0, 64)).all()
    store.make_room(store.limit_bytes)
    assert not reader.present(keys_of(0, 64)).any()


@pytest.mark.parametrize("size", [0, 60, 64 * ROW_BYTES])
def test_a_shard_that_is_not_whole_is_given_up(store, size):
    fill(store, "a", keys_of(0, 64))
    (shard,) = set(store.folder.glob("a/*.npy")) - set(store.folder.glob("a/*.keys.npy"))
    os.truncate(shard, size)
    reader = store.open("a")
    assert not reader.get(keys_of(0, 64))[0].any()
    assert not store.open("a").present(keys_of(0, 64)).any()


def test_a_set_that_is_larger_than_the_bound_does_not_fit(store):
    assert store.fits(32 * MIB)
    assert not store.fits(64 * MIB)


def test_leftovers_of_a_killed_process_go_after_an_hour(store):
    folder = store.folder / "a"
    folder.mkdir(parents=True)
    for name, age in [("old.part", 4000), ("orphan.npy", 4000), ("young.part", 10)]:
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (time.time() - age,) * 2)
    store.open("a")
    assert [path.name for path in folder.iterdir()] == ["young.part"]


def test_two_processes_share_a_namespace(store):
    writers = [writer(store, 0, 960), writer(store, 480, 1440)]
    for process in writers:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert (store.open("shared").get(keys_of(0, 1440))[1] == rows(keys_of(0, 1440))).all()


def test_two_processes_under_a_bound_that_is_too_small_read_no_wrong_row(store):
    writers = [writer(store, start, start + 960, limit=512 * ROW_BYTES) for start in (0, 480)]
    for process in writers:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors


@pytest.mark.parametrize("lines", [3, 5, 9])
def test_a_killed_writer_leaves_only_whole_rows(store, lines):
    process = writer(store, 0, 100_000)
    for _ in range(lines):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    there, found = store.open("shared").get(keys_of(0, 2000))
    assert there.sum() >= (lines * 32) // 64 * 64
    assert (found == rows([key for key, is_there in zip(keys_of(0, 2000), there, strict=True) if is_there])).all()


def test_memory_does_not_grow_with_the_rows(tmp_path):
    store = ArrayStore(tmp_path, limit_bytes=1024 * MIB, shard_bytes=MIB)
    keys = [str(number) for number in range(100_000)]
    opened = store.open("a")
    tracemalloc.start()
    try:
        for start in range(0, len(keys), 1000):
            opened.append(keys[start : start + 1000], np.full((1000, 256), start // 1000, np.uint8))
        opened.flush()
        for start in range(0, len(keys), 1000):
            assert (opened.get(keys[start : start + 1000])[1] == start // 1000).all()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert store.used_bytes() > 25 * MIB
    assert peak < 12 * MIB


def test_a_full_disk_is_said_in_a_sentence(store, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    opened = store.open("a")
    opened.append(["x"], rows(["x"]))
    monkeypatch.setattr("core.storage.arrays.write_shard", full)
    with pytest.raises(WorkspaceError, match=r"The disk is full: The cache .* cannot be written") as error:
        opened.flush()
    assert "GRAFT_CACHE_GB" in error.value.hint


def test_a_half_written_shard_is_removed_when_the_disk_is_full(store, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("core.storage.shards.np.save", full)
    with pytest.raises(WorkspaceError):
        fill(store, "a", ["x"])
    assert list((store.folder / "a").iterdir()) == []


def test_a_workspace_that_cannot_be_written_is_said_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = ArrayStore(tmp_path / "file" / "arrays", limit_bytes=MIB)
    with pytest.raises(WorkspaceError, match="cannot be written: Not a directory"):
        fill(store, "a", ["x"])


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 200])
def test_a_namespace_is_a_plain_name(store, name):
    with pytest.raises(ValueError, match="plain file name"):
        store.open(name)


def test_rows_of_another_shape_are_a_bug(store):
    opened = store.open("a")
    opened.append(["x"], np.zeros((1, 4), np.uint8))
    with pytest.raises(ValueError, match=r"\(5,\) uint8 among rows of \(4,\) uint8"):
        opened.append(["y"], np.zeros((1, 5), np.uint8))
    with pytest.raises(ValueError, match="1 keys, 2 rows"):
        opened.append(["y"], np.zeros((2, 4), np.uint8))
