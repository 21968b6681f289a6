"""Watching a real dispatcher and its jobs."""

import time
from collections.abc import Callable

import psutil
import pytest

from core.catalog import jobs
from core.catalog.database import Database
from core.jobs import queue
from core.settings import Settings


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"waited {seconds} s for {what}")
        time.sleep(0.05)


def wait_for_end(database: Database, job_id: str) -> jobs.Job:
    wait_for(lambda: jobs.get_job(database, job_id).ended, "the end of the job")
    return jobs.get_job(database, job_id)


def events_of(database: Database, job_id: str, kind: type) -> list:
    return [event for _, _, event in queue.read_events(database, job_id) if isinstance(event, kind)]


def family(settings: Settings) -> list[psutil.Process]:
    dispatcher = psutil.Process(int((settings.workspace / queue.PID_NAME).read_text()))
    return [dispatcher, *dispatcher.children(recursive=True)]
