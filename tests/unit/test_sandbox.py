"""A crash, a hang or excessive memory use of a child process ends the child alone, with its cause."""

import platform
import socket
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from core import sandbox
from core.confinement import DENIED_CALLS, landlock_version
from core.errors import RunStopped, WeightsError, WorkerDiedError
from core.sandbox import Sandbox, SandboxError, SandboxLimits

HANDLERS = "tests.unit.sandbox_handlers"
LIMITS = SandboxLimits(seconds=0.3, memory_bytes=100 * 1000**2)


def cause_of(kind: str, limits: SandboxLimits = LIMITS) -> str:
    with Sandbox(f"{HANDLERS}:misbehave", limits) as child, pytest.raises(SandboxError) as caught:
        child.call({"kind": kind})
    return caught.value.cause


def test_a_request_is_answered_with_values_and_bytes():
    with Sandbox(f"{HANDLERS}:echo", LIMITS) as child:
        for size in (0, 5, 300_000):
            assert child.call({"bytes": size}) == ({"received": {"bytes": size}}, bytes(size))


def test_replies_of_a_handler_that_yields_come_in_order():
    with Sandbox(f"{HANDLERS}:count", LIMITS) as child:
        for count in (3, 0, 2):
            assert list(child.stream({"count": count})) == [({"number": n}, bytes([n])) for n in range(count)]


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("compute", "time"),
        ("sleep", "time"),
        ("allocate", "memory"),
        ("exit", "crash"),
        ("abort", "crash"),
        ("fail", "crash"),
    ],
)
def test_a_process_that_does_not_answer_has_a_cause(kind, cause):
    assert cause_of(kind) == cause


def test_an_error_for_a_person_is_raised_again():
    with Sandbox(f"{HANDLERS}:misbehave", LIMITS) as child:
        with pytest.raises(WeightsError, match=r"This file is damaged\. Get it again\."):
            child.call({"kind": "reject"})
        assert child.call({"kind": "nothing"}).header == {"kind": "nothing"}


def test_what_a_handler_prints_is_no_reply():
    with Sandbox(f"{HANDLERS}:misbehave", LIMITS) as child:
        assert child.call({"kind": "print"}).header == {"kind": "print"}


def test_a_reply_that_is_too_large_is_not_read():
    with Sandbox(f"{HANDLERS}:echo", SandboxLimits(1, 10**8, reply_bytes=1000)) as child:
        with pytest.raises(SandboxError):
            child.call({"bytes": 1001})
        assert not child.is_alive


def test_a_person_can_stop_a_request():
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with (
        Sandbox(f"{HANDLERS}:misbehave", SandboxLimits(60, 10**8)) as child,
        pytest.raises(RunStopped, match="Stopped while a file was read"),
    ):
        child.call({"kind": "sleep"}, stop.is_set)
    assert time.monotonic() - began < 30


def test_the_process_has_no_settings_of_the_app(monkeypatch):
    monkeypatch.setenv("GRAFT_DATABASE_URL", "postgresql://secret")
    with Sandbox(f"{HANDLERS}:misbehave", LIMITS) as child:
        assert "GRAFT_DATABASE_URL" not in child.call({"kind": "environment"}).header["names"]


CHANGES = ("write", "change", "truncate", "remove", "move", "link", "make a folder")
CALLS = ("start a program", "become a program", "connect", "send")


@pytest.fixture
def attempts(tmp_path) -> Iterator[dict[str, object]]:
    """A request for what the process must not do, with a server that listens."""
    (tmp_path / "old.txt").write_text("old")
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield {"folder": str(tmp_path), "port": server.getsockname()[1]}


@pytest.mark.skipif(platform.machine() not in DENIED_CALLS, reason="its system calls are not known on this processor")
def test_the_process_starts_no_program_and_opens_no_connection(attempts):
    with Sandbox(f"{HANDLERS}:escape", LIMITS) as child:
        errors, _ = child.call(attempts)
    assert {name: errors[name] for name in CALLS} == dict.fromkeys(CALLS, "PermissionError")


@pytest.mark.skipif(landlock_version() < 3, reason="this system has no Landlock, or an old one")
def test_the_process_changes_no_file_and_reads_still(attempts, tmp_path):
    with Sandbox(f"{HANDLERS}:escape", LIMITS) as child:
        errors, data = child.call(attempts)
    denied = (*CHANGES, "kill") if landlock_version() >= 6 else CHANGES
    assert {name: errors[name] for name in denied} == dict.fromkeys(denied, "PermissionError")
    assert data == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["old.txt"]


def test_the_process_writes_into_the_folder_that_it_was_given(attempts, tmp_path):
    with Sandbox(f"{HANDLERS}:write", LIMITS, folder=tmp_path) as child:
        assert child.call(attempts) == ({}, b"new")


def test_no_process_is_left():
    before = set(psutil.Process().children())
    with Sandbox(f"{HANDLERS}:echo", LIMITS) as child:
        child.call({})
        (started,) = set(psutil.Process().children()) - before
    assert not started.is_running()


def test_a_process_that_cannot_start_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "ROOT", tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with (
        Sandbox(f"{HANDLERS}:echo", LIMITS, purpose="archive reader") as child,
        pytest.raises(WorkerDiedError, match="The archive reader cannot be started"),
    ):
        child.call({})
