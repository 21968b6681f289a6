"""The log of a run: its events, summed up for the pages. The same events always give the same log."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from core.jobs.events import Batch, Ended, Epoch, Event, Message, Stage, Started
from core.jobs.queue import read_events
from pages.shared import words
from pages.shared.workspace import database

_PHASES = {"head": "the new head", "fine-tune": "fine-tuning", "scratch": "all layers from nothing"}


@dataclass(frozen=True)
class LogLine:
    """One sentence of the log.

    Attributes:
        at: When it happened, in UTC seconds.
        text: The sentence.
        warning: Whether the person should do something.
    """

    at: float
    text: str
    warning: bool = False


@dataclass
class StageTime:
    """A stage and how long it took.

    Attributes:
        stage: Its latest event.
        seconds: Time spent in it until the last event.
    """

    stage: Stage
    seconds: float = 0.0


@dataclass
class RunLog:
    """What is known about a run from its events so far.

    Attributes:
        last_number: Number of the last event.
        last_at: When it was written, in UTC seconds; None before the first event.
        started: Where the run computes; None while it waits.
        started_at: When a worker started it last, in UTC seconds.
        earlier_seconds: Time that workers spent on it before that.
        stages: By name, in the order in which they began.
        current_stage: Name of the stage that is running; empty for none.
        batch: Progress within the current epoch; None between epochs.
        in_epochs: Whether the last progress event was a batch or an epoch, and not a stage.
        epochs: By number, in order. An epoch that a resumed run repeats counts once.
        lines: What happened, in sentences.
        ended: How it ended; None while it runs.
    """

    last_number: int = 0
    last_at: float | None = None
    started: Started | None = None
    started_at: float | None = None
    earlier_seconds: float = 0.0
    stages: dict[str, StageTime] = field(default_factory=dict)
    current_stage: str = ""
    batch: Batch | None = None
    in_epochs: bool = False
    epochs: dict[int, Epoch] = field(default_factory=dict)
    lines: list[LogLine] = field(default_factory=list)
    ended: Ended | None = None

    @property
    def best(self) -> Epoch | None:
        """The epoch whose weights are kept so far."""
        return next((epoch for epoch in reversed(self.epochs.values()) if epoch.best), None)

    @property
    def seconds_left(self) -> float | None:
        """Time left of the current phase if all its epochs run; None without an estimate.

        No event says how long the next phase takes, so after the last epoch of a phase there is none.
        """
        last = next(reversed(self.epochs.values()), None)
        latest = self.batch or last
        return latest.seconds_left if latest is not None else None

    def computing_seconds(self, now: float) -> float | None:
        """Time that workers have spent on the run until now, without breaks before it was resumed; None before."""
        if self.started_at is None:
            return None
        until = now if self.ended is None or self.last_at is None else self.last_at
        return self.earlier_seconds + until - self.started_at


def read_log(run_id: str, known: RunLog | None = None) -> RunLog:
    """Read the log of a run.

    Args:
        run_id: The run.
        known: What was read of it before, which is continued; None to read all events.
    """
    log = RunLog() if known is None else known
    return add_events(log, read_events(database(), run_id, log.last_number))


def read_epochs(run_id: str) -> list[Epoch]:
    """The epochs of a run, in order."""
    return list(read_log(run_id).epochs.values())


def add_events(log: RunLog, events: Iterable[tuple[int, float, Event]]) -> RunLog:
    """Add events to a log, and return it.

    Args:
        log: The log of all earlier events.
        events: Number, time in UTC seconds and event of each later one.
    """
    for number, at, event in events:
        _add_time(log, at, event)
        _add(log, at, event)
        log.last_number, log.last_at = number, at
    return log


def _add_time(log: RunLog, at: float, event: Event) -> None:
    """Add the time since the last event to the stage that it was spent in.

    The catalog keeps only the latest progress event of a stage. So a stage whose first event is not its beginning began
    with the event before it.
    """
    if isinstance(event, Started):
        log.current_stage = ""  # a stage that a dead worker did not end
    elif isinstance(event, Stage) and event.done:
        log.current_stage = event.name
        log.stages.setdefault(event.name, StageTime(event))
    if log.current_stage and log.last_at is not None:
        log.stages[log.current_stage].seconds += at - log.last_at


def _add(log: RunLog, at: float, event: Event) -> None:
    match event:
        case Started():
            _add_start(log, at, event)
        case Stage():
            log.in_epochs = False
            log.current_stage = event.name
            log.stages.setdefault(event.name, StageTime(event)).stage = event
        case Batch():
            _add_phase(log, at, event.phase, event.epoch)
            log.batch = event
        case Epoch():
            _add_phase(log, at, event.phase, event.epoch)
            log.batch = None
            log.epochs[event.epoch] = event
        case Message():
            log.lines.append(LogLine(at, event.text, event.level == "warning"))
        case Ended():
            log.batch = None
            log.current_stage = ""
            log.ended = event
            log.lines.append(_end(log, at, event))


def _add_start(log: RunLog, at: float, event: Started) -> None:
    if log.ended is not None:
        log.lines.append(LogLine(at, "Resumed."))
        log.ended = None
        log.stages.clear()
    if event.engine:
        log.lines.append(LogLine(at, f"Runs on {event.device}; the frozen layers are computed by {event.engine}."))
    if log.started_at is not None:
        log.earlier_seconds += (log.last_at or log.started_at) - log.started_at
    log.started, log.started_at = event, at


def _add_phase(log: RunLog, at: float, phase: str, epoch: int) -> None:
    log.in_epochs = True
    log.current_stage = ""
    began = at if log.last_at is None else log.last_at  # the catalog keeps only the latest batch
    before = log.batch or next(reversed(log.epochs.values()), None)
    if before is None:
        log.lines.append(LogLine(began, f"Training began with {_PHASES[phase]}."))
    elif before.phase != phase:
        log.lines.append(LogLine(began, f"From epoch {epoch} on: {_PHASES[phase]}."))


def _end(log: RunLog, at: float, ended: Ended) -> LogLine:
    best = log.best
    kept = (
        f" Kept: epoch {best.epoch}, with a validation accuracy of {words.percent(best.val_accuracy)}." if best else ""
    )
    if ended.status == "finished":
        return LogLine(at, f"Finished.{kept}")
    return LogLine(at, ended.reason + (kept if ended.status == "stopped" else ""), warning=True)
