"""The process that owns the workers: `python -m core.jobs.dispatcher`.

One a workspace, held by a lock. It takes waiting rows from the catalog, hands them to Dask workers of this machine,
writes the end of those whose process died or found the disk full, and leaves when nobody has wanted anything for long.
Listens on 127.0.0.1 only.
"""

import importlib
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

import dask
from distributed import Client, Future, Nanny, Scheduler, SpecCluster
from distributed.security import Security
from filelock import FileLock, Timeout

from core.catalog import jobs
from core.catalog.database import Database
from core.errors import GraftError, NotFoundError, WorkspaceError
from core.jobs import worker
from core.jobs.events import Ended, dump_event
from core.jobs.queue import LOCK_NAME, PID_NAME
from core.jobs.specs import SPECS
from core.settings import Settings

LOOK_SECONDS = 0.1
IDLE_SECONDS = 2 * 60 * 60
LOG_LINES = 40
HOST = "127.0.0.1"

# A worker that dies takes one job with it, never two: the job is not tried again behind the person's back.
DASK = {
    "distributed.scheduler.allowed-failures": 0,
    # A worker that died is started anew by its nanny, which takes as long as the machine is busy. After 15 s, Dask's
    # own choice, the cluster would end the new one and never have one again.
    "distributed.deploy.lost-worker-timeout": "1d",
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.daemon": False,
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 65536,
    "distributed.nanny.environ.TF_CPP_MIN_LOG_LEVEL": "2",
    "distributed.nanny.environ.KERAS_BACKEND": "tensorflow",
    # Dask watches itself up to a hundred times a second: without it, all processes together take 6% of a core while
    # nobody wants anything, instead of 14%.
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "10s",
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}

logger = logging.getLogger("graft.dispatcher")


def main() -> int:
    """Dispatch jobs until nobody has wanted anything for long, or a signal says so."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = Settings.from_environment()
    leave = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: leave.set())
    try:
        with FileLock(settings.workspace / LOCK_NAME, timeout=5):
            (settings.workspace / PID_NAME).write_text(str(os.getpid()))
            _serve(settings, leave)
            (settings.workspace / PID_NAME).unlink(missing_ok=True)
    except Timeout:
        logger.info("another dispatcher serves this workspace")
    return 0


def _serve(settings: Settings, leave: threading.Event) -> None:
    database = Database(settings)
    orphans = _orphans(database, settings)
    with dask.config.set(DASK), _cluster(settings) as cluster, Client(cluster, set_as_default=False) as client:
        logger.info("serving %s at %s", settings.workspace, cluster.scheduler_address)
        to_warm = ("train", "quick") if settings.warm else ()
        warming = [client.submit(warm_up, resources={name: 1}, pure=False) for name in to_warm]
        _dispatch(settings, database, client, leave, orphans)
        client.cancel(warming)


def _cluster(settings: Settings) -> SpecCluster:
    # A scheduler runs any code that it is sent: only who holds this cluster's own certificate may speak to it.
    security = Security.temporary()
    common = {"host": HOST, "dashboard": False, "dashboard_address": f"{HOST}:0", "security": security}
    own = {"nthreads": 1, "memory_limit": 0, "local_directory": str(settings.workspace / "dask")}

    def nanny(resource: str) -> dict[str, object]:
        return {"cls": Nanny, "options": common | own | {"resources": {resource: 1}}}

    workers = {f"train-{number}": nanny("train") for number in range(settings.workers)}
    workers |= {"quick": nanny("quick"), "data": nanny("data")}
    scheduler = {"cls": Scheduler, "options": common | {"protocol": "tls://", "port": 0}}
    return SpecCluster(workers=workers, scheduler=scheduler, security=security, name="graft")


def warm_up() -> None:
    """Import what a run needs, frameworks included, before the first one asks for it."""
    importlib.import_module("core.jobs.pipeline")


def _dispatch(
    settings: Settings, database: Database, client: Client, leave: threading.Event, unwritten: dict[str, Ended]
) -> None:
    """Hand out what waits and write the ends that are `unwritten`, by job, until it is time to leave."""
    futures: dict[str, Future] = {}
    wanted_at = time.monotonic()
    while not leave.wait(LOOK_SECONDS):
        try:
            waiting = jobs.list_jobs(database, status=("queued",))
        except GraftError as error:
            logger.warning("leaving: %s", error)
            return
        for job in waiting:
            if job.id not in futures:
                resource = SPECS[job.kind].resource
                futures[job.id] = client.submit(
                    worker.execute, settings, job.id, resources={resource: 1}, pure=False, retries=0
                )
        for job_id in [job_id for job_id, future in futures.items() if future.done()]:
            ended = _missing_end(settings, job_id, futures.pop(job_id))
            if ended is not None:
                unwritten[job_id] = ended
        for job_id in [job_id for job_id, ended in unwritten.items() if _write_end(database, job_id, ended)]:
            del unwritten[job_id]
        if futures or unwritten:
            wanted_at = time.monotonic()
        elif time.monotonic() - wanted_at > IDLE_SECONDS:
            logger.info("leaving: nothing to do for %d s", IDLE_SECONDS)
            return


def _missing_end(settings: Settings, job_id: str, future: Future) -> Ended | None:
    """Give the end of a job that its worker did not write; None where there is nothing left to write."""
    if future.status == "finished":
        ended: Ended | None = future.result()
        if ended is not None:
            logger.warning("the disk did not take the end of job %s", job_id)
        return ended
    reason = repr(future.exception()) if future.status == "error" else future.status
    logger.warning("job %s did not come to its end: %s", job_id, reason)
    return _failed_end(settings, job_id, "The worker process died while it was working on this.")


def _orphans(database: Database, settings: Settings) -> dict[str, Ended]:
    """Give the ends of the jobs whose dispatcher died before them."""
    reason = "Graft's workers were ended while this was running."
    return {job.id: _failed_end(settings, job.id, reason) for job in jobs.list_jobs(database, status=("running",))}


def _failed_end(settings: Settings, job_id: str, reason: str) -> Ended:
    """Give the end of a job whose process is gone.

    Args:
        settings: Where the logs are.
        job_id: Which job.
        reason: A sentence for the person.
    """
    return Ended(
        status="failed",
        reason=reason,
        hint="Press Resume to go on where it was; if it dies again, choose a smaller network or batch.",
        detail=_log_end(settings.logs / f"{job_id}.log"),
    )


def _write_end(database: Database, job_id: str, ended: Ended) -> bool:
    """Write the end of a job, unless it has one; false if the disk does not take it now."""
    try:
        if not jobs.get_job(database, job_id).ended:
            jobs.add_event(database, job_id, ended.kind, dump_event(ended))
            jobs.end_job(database, job_id, ended.status)
    except NotFoundError as error:
        logger.info("job %s is gone: %s", job_id, error)
    except WorkspaceError:
        return False
    return True


def _log_end(path: Path) -> str:
    if not path.is_file():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-LOG_LINES:])


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
