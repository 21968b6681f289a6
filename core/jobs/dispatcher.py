"""The process that owns the workers: `python -m core.jobs.dispatcher`.

There is one per workspace, held by a lock. It takes queued jobs from the catalog, hands one to each idle Dask worker of
this machine, and writes the last event of jobs whose process died or found the disk full. It kills the worker of a job
that does not react to a stop request or makes no progress, and exits when nothing was queued for long. It listens on
127.0.0.1 only.
"""

import contextlib
import importlib
import logging
import os
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import dask
from distributed import Client, Future, Nanny, Scheduler, SpecCluster
from distributed.security import Security
from filelock import FileLock, Timeout

from core.catalog import jobs
from core.catalog.cleanup import delete_expired_projects, delete_unused_image_files
from core.catalog.database import Database
from core.catalog.jobs import Job
from core.errors import GraftError, NotFoundError, WorkspaceError
from core.jobs import worker
from core.jobs.events import Ended, dump_event
from core.jobs.queue import LOCK_NAME, PID_NAME
from core.jobs.specs import SPECS, Spec
from core.settings import Settings
from core.storage.workspace import protect_workspace, prune_logs

POLL_SECONDS = 0.1
WATCH_SECONDS = 1.0
# A worker that died before it received its job never will.
LOST_SECONDS = 10.0
STARTS = 5
IDLE_SECONDS = 2 * 60 * 60
CLEAN_SECONDS = 24 * 60 * 60
LOG_LINES = 40
HOST = "127.0.0.1"

# A job whose worker died is not tried again: the same would happen to the next worker.
DASK = {
    "distributed.scheduler.allowed-failures": 0,
    # A nanny restarts a worker that died, which takes long on a busy machine. After 15 s, Dask's default, the cluster
    # would close the new worker and never start another one.
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
    # Dask profiles itself up to a hundred times a second: without, all idle processes together take 6% of a core
    # instead of 14%.
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
    """Dispatch jobs until nothing was queued for long, or a signal ends this process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = Settings.from_environment()
    protect_workspace(settings)  # for the workers and decoders that it starts, too
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
    _clean_up(database, settings)
    orphans = _orphans(database, settings)
    with dask.config.set(DASK), _start_cluster(settings) as cluster, Client(cluster, set_as_default=False) as client:
        logger.info("serving %s at %s", settings.workspace, cluster.scheduler_address)
        to_warm = ("train", "quick") if settings.warm else ()
        warming = [client.submit(warm_up, resources={name: 1}, pure=False) for name in to_warm]
        _Dispatcher(settings, database, cluster, client, orphans).run(leave)
        client.cancel(warming)


def _clean_up(database: Database, settings: Settings) -> None:
    """Remove old logs, projects and images that no undo brings back, and the cache of version 0.1, which is unused."""
    prune_logs(settings.logs)
    shutil.rmtree(settings.cache / "arrays", ignore_errors=True)
    try:
        delete_expired_projects(database, settings)
        delete_unused_image_files(database, settings)
    except WorkspaceError as error:
        logger.warning("%s", error)


def _start_cluster(settings: Settings, starts: int = STARTS) -> SpecCluster:
    """Start the workers; all again when one dies meanwhile, because Dask then gives up the cluster."""
    try:
        return _cluster(settings)
    except RuntimeError:
        if starts == 1:
            raise
        logger.warning("a worker died while it was started; all are started again", exc_info=True)
        return _start_cluster(settings, starts - 1)


def _cluster(settings: Settings) -> SpecCluster:
    # A scheduler runs any code that it is sent, so it accepts only clients with the certificate of this cluster.
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
    """Import what a run needs, frameworks included, before the first run."""
    importlib.import_module("core.jobs.pipeline")


@dataclass
class _Running:
    """A job that a worker has.

    Attributes:
        future: Its end.
        worker: Address of the worker.
        spec: Its kind.
        since: When it was handed out, or when an event or a stop request of it was seen last; monotonic seconds.
        last_event: Time of its last event.
        stop_requested: Whether a person asked it to stop.
        killed: The reason for which its worker was killed; None if it was not.
    """

    future: Future
    worker: str
    spec: type[Spec]
    since: float = field(default_factory=time.monotonic)
    last_event: float = 0.0
    stop_requested: bool = False
    killed: Ended | None = None


class _Dispatcher:
    """Hands out queued jobs and writes the missing last events.

    Args:
        settings: Where files are.
        database: The catalog.
        cluster: The workers.
        client: Of the cluster.
        missing_ends: Last events, by job, that are to be written.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        cluster: SpecCluster,
        client: Client,
        missing_ends: dict[str, Ended],
    ) -> None:
        self._settings = settings
        self._database = database
        self._cluster = cluster
        self._client = client
        self._missing_ends = missing_ends
        self._running: dict[str, _Running] = {}
        self._watched_at = 0.0

    def run(self, leave: threading.Event) -> None:
        """Dispatch until it is time to leave."""
        wanted_at = cleaned_at = time.monotonic()
        while not leave.wait(POLL_SECONDS):
            try:
                self._hand_out(jobs.list_jobs(self._database, status=("queued",)))
                self._watch()
            except GraftError as error:
                logger.warning("leaving: %s", error)
                return
            self._collect()
            self._write_ends()
            if time.monotonic() - cleaned_at > CLEAN_SECONDS:
                cleaned_at = time.monotonic()
                _clean_up(self._database, self._settings)
            if self._running or self._missing_ends:
                wanted_at = time.monotonic()
            elif time.monotonic() - wanted_at > IDLE_SECONDS:
                logger.info("leaving: nothing to do for %d s", IDLE_SECONDS)
                return

    def _hand_out(self, queued: list[Job]) -> None:
        """Give each idle worker one job: if it dies, no other job is lost."""
        busy = {running.worker for running in self._running.values()}
        idle = {address: resources for address, resources in self._workers().items() if address not in busy}
        for job in queued:
            if job.id in self._running or job.kind not in SPECS:  # a later version may know it
                continue
            spec = SPECS[job.kind]
            address = next((address for address, resources in idle.items() if spec.resource in resources), None)
            if address is not None:
                del idle[address]
                future = self._client.submit(
                    worker.execute,
                    self._settings,
                    job.id,
                    workers=[address],
                    resources={spec.resource: 1},
                    pure=False,
                    retries=0,
                )
                self._running[job.id] = _Running(future, address, spec)

    def _workers(self) -> dict[str, dict[str, float]]:
        """Addresses of the workers that are alive, with their resources."""
        return {state.address: state.resources for state in list(self._cluster.scheduler.workers.values())}

    def _collect(self) -> None:
        """Take the jobs that are done; one whose worker died before it started stays queued."""
        workers, now = self._workers(), time.monotonic()
        for job_id, running in list(self._running.items()):
            if not running.future.done() and running.worker not in workers and now - running.since > LOST_SECONDS:
                running.future.cancel()
            if not running.future.done():
                continue
            del self._running[job_id]
            try:
                queued = jobs.get_job(self._database, job_id).status == "queued"
            except GraftError:
                queued = False
            if not queued and (ended := _missing_end(self._settings, job_id, running)) is not None:
                self._missing_ends[job_id] = ended

    def _write_ends(self) -> None:
        for job_id in [job_id for job_id, ended in self._missing_ends.items() if self._write_end(job_id, ended)]:
            del self._missing_ends[job_id]

    def _write_end(self, job_id: str, ended: Ended) -> bool:
        """Write the last event of a job, unless it has one; false if the disk is full."""
        try:
            if not jobs.get_job(self._database, job_id).ended:
                jobs.add_event(self._database, job_id, ended.kind, dump_event(ended))
                jobs.end_job(self._database, job_id, ended.status)
        except NotFoundError as error:
            logger.info("job %s was deleted: %s", job_id, error)
        except WorkspaceError:
            return False
        return True

    def _watch(self) -> None:
        """Kill the workers of jobs that do not stop when asked, or make no progress."""
        now = time.monotonic()
        if now - self._watched_at < WATCH_SECONDS:
            return
        self._watched_at = now
        for job_id, running in self._running.items():
            if running.killed is None and (reason := self._find_reason_to_kill(job_id, running, now)) is not None:
                logger.warning("killing the worker of job %s: %s", job_id, reason.reason)
                running.killed = reason
                self._kill(running.worker)

    def _find_reason_to_kill(self, job_id: str, running: _Running, now: float) -> Ended | None:
        try:
            stop_requested = jobs.get_job(self._database, job_id).stop_requested
        except NotFoundError:
            stop_requested = True
        last_event = jobs.last_event_at(self._database, job_id)
        if last_event > running.last_event or stop_requested != running.stop_requested:
            running.last_event, running.stop_requested, running.since = last_event, stop_requested, now
        if stop_requested and now - running.since > running.spec.grace_seconds:
            return Ended(
                status="stopped",
                reason="It did not react to the stop request, so its worker process was ended.",
                hint="What was reported before is still there.",
            )
        if now - running.since > running.spec.timeout_seconds:
            return Ended(
                status="failed",
                reason=f"It made no progress for {running.spec.timeout_seconds / 60:.0f} minutes, so it was ended.",
                hint="Press Resume to try again; if it happens again, try it with fewer or other files.",
                detail=_log_end(self._settings.logs / f"{job_id}.log"),
            )
        return None

    def _kill(self, address: str) -> None:
        """Kill a worker process; its nanny starts another one."""
        for nanny in list(self._cluster.workers.values()):
            if nanny.worker_address == address and nanny.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(nanny.pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def _missing_end(settings: Settings, job_id: str, running: _Running) -> Ended | None:
    """Give the last event of a job if its worker did not write it, else None."""
    future = running.future
    if future.status == "finished":
        ended: Ended | None = future.result()
        if ended is not None:
            logger.warning("the end of job %s could not be stored", job_id)
        return ended
    if running.killed is not None:
        return running.killed
    reason = repr(future.exception()) if future.status == "error" else future.status
    logger.warning("job %s did not end: %s", job_id, reason)
    return _failed_end(settings, job_id, "The worker process died while it was working on this.")


def _orphans(database: Database, settings: Settings) -> dict[str, Ended]:
    """Give the last events of jobs that were running when the dispatcher before this one died."""
    reason = "Graft's workers were ended while this was running."
    return {job.id: _failed_end(settings, job.id, reason) for job in jobs.list_jobs(database, status=("running",))}


def _failed_end(settings: Settings, job_id: str, reason: str) -> Ended:
    """Give the last event of a job whose process died.

    Args:
        settings: Where the logs are.
        job_id: The job.
        reason: A sentence for the person.
    """
    return Ended(
        status="failed",
        reason=reason,
        hint="Press Resume to continue; if it dies again, choose a smaller network or batch.",
        detail=_log_end(settings.logs / f"{job_id}.log"),
    )


def _log_end(path: Path) -> str:
    if not path.is_file():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-LOG_LINES:])


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
