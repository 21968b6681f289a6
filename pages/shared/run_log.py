"""A run's events gathered into what a page shows: the same events always give the same story, and no page is needed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from core.jobs.events import Batch, Ended, Epoch, Event, Message, Stage, Started
from pages.shared import words

_PHASES = {"head": "the new head", "fine-tune": "fine-tuning", "scratch": "all layers from nothing"}


@dataclass(frozen=True)
class Line:
    """A sentence of the story.

    Attributes:
        at: UTC seconds.
        text: The sentence.
        warning: Whether the person should act.
    """

    at: float
    text: str
    warning: bool = False


@dataclass
class StageTime:
    """A stage and how long it took.

    Attributes:
        stage: As it was told last.
        seconds: All its times together, until the last event.
    """

    stage: Stage
    seconds: float = 0.0


@dataclass
class RunLog:
    """What a run told so far.

    Attributes:
        number: Of the last event.
        at: When that was, in UTC seconds; None before the first.
        started: Where it runs; None while it waits.
        stages: By name, in the order in which they began.
        stage: Name of the one that goes on; empty for none.
        batch: Progress within the epoch that runs; None between epochs.
        trains: Whether the last thing told was of a batch or an epoch, and not of a stage.
        epochs: In order; an epoch that a resumed run repeats counts once.
        lines: What happened, in sentences.
        ended: How it ended; None while it goes on.
    """

    number: int = 0
    at: float | None = None
    started: Started | None = None
    stages: dict[str, StageTime] = field(default_factory=dict)
    stage: str = ""
    batch: Batch | None = None
    trains: bool = False
    epochs: dict[int, Epoch] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    ended: Ended | None = None

    @property
    def best(self) -> Epoch | None:
        """The epoch that is kept so far."""
        return next((epoch for epoch in reversed(self.epochs.values()) if epoch.best), None)

    @property
    def seconds_left(self) -> float | None:
        """At the longest, if every planned epoch runs; None while no epoch has ended."""
        if not self.epochs:
            return None
        *_, last = self.epochs.values()
        of_phase = [epoch.seconds for epoch in self.epochs.values() if epoch.phase == last.phase]
        return (last.epochs - last.epoch) * sum(of_phase) / len(of_phase)


def tell(story: RunLog, events: Iterable[tuple[int, float, Event]]) -> RunLog:
    """Add events to a story, and give it.

    Args:
        story: What was told before.
        events: Number, time in UTC seconds and event of each that came after it.
    """
    for number, at, event in events:
        _pass_time(story, at, event)
        _add(story, at, event)
        story.number, story.at = number, at
    return story


def _pass_time(story: RunLog, at: float, event: Event) -> None:
    """Give the time since the last event to the stage that it belongs to, if it belongs to one.

    Progress replaces the line before it, the first of its stage too: a stage that is heard of for the first time in its
    middle began with the event before it.
    """
    if isinstance(event, Started):
        story.stage = ""  # what a worker left when it died
    elif isinstance(event, Stage) and event.done:
        story.stage = event.name
        story.stages.setdefault(event.name, StageTime(event))
    if story.stage and story.at is not None:
        story.stages[story.stage].seconds += at - story.at


def _add(story: RunLog, at: float, event: Event) -> None:
    match event:
        case Started():
            _add_start(story, at, event)
        case Stage():
            story.trains = False
            story.stage = event.name
            story.stages.setdefault(event.name, StageTime(event)).stage = event
        case Batch():
            _add_phase(story, at, event.phase, event.epoch)
            story.batch = event
        case Epoch():
            _add_phase(story, at, event.phase, event.epoch)
            story.batch = None
            story.epochs[event.epoch] = event
        case Message():
            story.lines.append(Line(at, event.text, event.level == "warning"))
        case Ended():
            story.batch = None
            story.stage = ""
            story.ended = event
            story.lines.append(_end(story, at, event))


def _add_start(story: RunLog, at: float, event: Started) -> None:
    if story.ended is not None:
        story.lines.append(Line(at, "Resumed."))
        story.ended = None
        story.stages.clear()
    if event.engine:
        story.lines.append(Line(at, f"Runs on {event.device}; the frozen layers are computed by {event.engine}."))
    story.started = event


def _add_phase(story: RunLog, at: float, phase: str, epoch: int) -> None:
    story.trains = True
    story.stage = ""
    began = at if story.at is None else story.at  # progress replaces the line before it
    before = story.batch or next(reversed(story.epochs.values()), None)
    if before is None:
        story.lines.append(Line(began, f"Training began with {_PHASES[phase]}."))
    elif before.phase != phase:
        story.lines.append(Line(began, f"From epoch {epoch} on: {_PHASES[phase]}."))


def _end(story: RunLog, at: float, ended: Ended) -> Line:
    best = story.best
    kept = (
        f" Kept: epoch {best.epoch}, with a validation accuracy of {words.percent(best.val_accuracy)}." if best else ""
    )
    if ended.status == "finished":
        return Line(at, f"Finished.{kept}")
    return Line(at, ended.reason + (kept if ended.status == "stopped" else ""), warning=True)
