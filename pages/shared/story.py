"""A run's events gathered into what a page shows: the same events always give the same story, and no page is needed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from core.training.events import Batch, Ended, Epoch, Event, Message, Stage, Started
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
    """A stage and when it was told of.

    Attributes:
        stage: As it was told last.
        began: UTC seconds of the first time.
        told: UTC seconds of the last time.
    """

    stage: Stage
    began: float
    told: float


@dataclass
class Story:
    """What a run told so far.

    Attributes:
        number: Of the last event.
        started: Where it runs; None while it waits.
        stages: By name, in the order in which they began.
        batch: Progress within the epoch that runs; None between epochs.
        trains: Whether the last thing told was of a batch or an epoch, and not of a stage.
        epochs: In order; an epoch that a resumed run repeats counts once.
        lines: What happened, in sentences.
        ended: How it ended; None while it goes on.
    """

    number: int = 0
    started: Started | None = None
    stages: dict[str, StageTime] = field(default_factory=dict)
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


def tell(story: Story, events: Iterable[tuple[int, float, Event]]) -> Story:
    """Add events to a story, and give it.

    Args:
        story: What was told before.
        events: Number, time in UTC seconds and event of each that came after it.
    """
    for number, at, event in events:
        story.number = number
        _add(story, at, event)
    return story


def _add(story: Story, at: float, event: Event) -> None:
    match event:
        case Started():
            _add_start(story, at, event)
        case Stage():
            story.trains = False
            first = story.stages.get(event.name)
            story.stages[event.name] = StageTime(event, first.began if first else at, at)
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
            story.ended = event
            story.lines.append(_end(story, at, event))


def _add_start(story: Story, at: float, event: Started) -> None:
    if story.ended is not None:
        story.lines.append(Line(at, "Resumed."))
        story.ended = None
        story.stages.clear()
    if event.engine:
        story.lines.append(Line(at, f"Runs on {event.device}; the frozen layers are computed by {event.engine}."))
    story.started = event


def _add_phase(story: Story, at: float, phase: str, epoch: int) -> None:
    story.trains = True
    before = story.batch or next(reversed(story.epochs.values()), None)
    if before is None:
        story.lines.append(Line(at, f"Training began with {_PHASES[phase]}."))
    elif before.phase != phase:
        story.lines.append(Line(at, f"From epoch {epoch} on: {_PHASES[phase]}."))


def _end(story: Story, at: float, ended: Ended) -> Line:
    best = story.best
    kept = (
        f" Kept: epoch {best.epoch}, with a validation accuracy of {words.percent(best.val_accuracy)}." if best else ""
    )
    if ended.status == "finished":
        return Line(at, f"Finished.{kept}")
    return Line(at, ended.reason + (kept if ended.status == "stopped" else ""), warning=True)
