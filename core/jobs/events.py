"""Events: the lines of a run's story, from the worker to every page that looks at it.

A worker emits them, the catalog numbers and keeps them, pages and the command line read them in order. Every kind is
one class here; `EVENT` is the registry that reads any of them back from JSON. All other jobs (taking in, checks,
exports) tell their story with the same `stage`, `message` and `ended`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

PhaseName = Literal["head", "fine-tune", "scratch"]


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class Started(_Event):
    """A worker took the job up.

    Attributes:
        device: Name of the GPU, or of the processor.
        engine: What computes the frozen prefix, in words; empty where there is none.
        process: Process id of the worker.
    """

    kind: Literal["started"] = "started"
    device: str
    engine: str = ""
    process: int = 0


class Stage(_Event):
    """How far a stage is.

    Attributes:
        name: What is being done, in plain words, e.g. `Computing features`.
        done: Units done.
        total: Units altogether; 0 where it is not known.
        seconds_left: Estimate for this stage; None while there is none.
        unit: What is counted, e.g. `images`.
    """

    kind: Literal["stage"] = "stage"
    name: str
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    unit: str = ""


class Batch(_Event):
    """Progress within an epoch: running means over the epoch so far."""

    kind: Literal["batch"] = "batch"
    phase: PhaseName
    epoch: int
    batch: int
    batches: int
    loss: float
    accuracy: float


class Epoch(_Event):
    """An epoch has ended.

    Attributes:
        phase: `head`, `fine-tune` or `scratch`.
        epoch: Number of the epoch over all phases, from 1.
        epochs: Epochs planned over all phases.
        loss: Mean training loss.
        accuracy: Training accuracy.
        val_loss: Mean validation loss.
        val_accuracy: Validation accuracy.
        confusion: (n_classes, n_classes) validation counts, rows true, columns predicted.
        learning_rate: Step size used.
        seconds: Wall time of the epoch.
        best: Whether this is the epoch to keep so far.
    """

    kind: Literal["epoch"] = "epoch"
    phase: PhaseName
    epoch: int
    epochs: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    confusion: tuple[tuple[int, ...], ...] = ()
    learning_rate: float
    seconds: float
    best: bool = False


class Message(_Event):
    """One sentence of the story.

    Attributes:
        level: `info`, or `warning` where the person should act.
        text: The sentence.
    """

    kind: Literal["message"] = "message"
    level: Literal["info", "warning"] = "info"
    text: str


class Ended(_Event):
    """The job is over; always its last event.

    Attributes:
        status: `finished`, `stopped` (a person's wish; what was reached is kept) or `failed`.
        reason: Why, in one sentence; empty for `finished`.
        hint: What to do next.
        detail: The end of the log, for an engineer; empty where the sentence says all.
    """

    kind: Literal["ended"] = "ended"
    status: Literal["finished", "stopped", "failed"]
    reason: str = ""
    hint: str = ""
    detail: str = ""


Event = Started | Stage | Batch | Epoch | Message | Ended
EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def dump_event(event: Event) -> str:
    """Write an event as one line of JSON that `load_event` reads back equal."""
    return event.model_dump_json()


def load_event(line: str) -> Event:
    """Read an event back.

    Raises:
        pydantic.ValidationError: The line is no event of a kind known here.
    """
    return EVENT.validate_json(line)
