"""A crash, a hang or excessive memory use of a child process ends the child alone, with its cause."""

import threading
import time

import psutil
import pytest

from core import sandbox
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
