"""Events: what a worker reports about a job, for every page that shows it.

A worker emits them, the catalog numbers and stores them, pages and the command line read them in order. Each kind is
one class here; `EVENT` reads any of them back from JSON. Only trainings have `batch` and `epoch`.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

# In the folder of a run.
EVENTS_FILE: Final = "events.jsonl"
PhaseName = Literal["head", "fine-tune", "scratch"]


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class Started(_Event):
    """A worker started the job.

    Attributes:
        device: Name of the GPU, or of the processor.
        engine: Name of the engine that computes the frozen prefix; empty where there is none.
        process: Process id of the worker.
    """

    kind: Literal["started"] = "started"
    device: str
    engine: str = ""
    process: int = 0


class Stage(_Event):
    """How far a stage is.

    Attributes:
        name: What is being done, e.g. `Computing features`.
        done: Units done.
        total: All units; 0 where unknown.
        seconds_left: Estimate for this stage; None without one.
        unit: What is counted, e.g. `images`.
    """

    kind: Literal["stage"] = "stage"
    name: str
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    unit: str = ""


class Batch(_Event):
    """Progress within an epoch: running means over the epoch so far.

    Attributes:
        seconds_left: As in `Epoch`.
    """

    kind: Literal["batch"] = "batch"
    phase: PhaseName
    epoch: int
    batch: int
    batches: int
    loss: float
    accuracy: float
    seconds_left: float | None = None


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
        best: Whether its validation loss is the lowest so far.
        seconds_left: Estimate for this phase if all its epochs run; None without one, as in events of version 0.1.
        next_phase: Phase that follows; empty after the last.
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
    seconds_left: float | None = None
    next_phase: PhaseName | Literal[""] = ""


class Message(_Event):
    """One sentence for a person.

    Attributes:
        level: `info`, or `warning` if the person should act.
        text: The sentence.
    """

    kind: Literal["message"] = "message"
    level: Literal["info", "warning"] = "info"
    text: str


class Ended(_Event):
    """The job is over; always its last event.

    Attributes:
        status: `finished`, `stopped` (by a person) or `failed`.
        reason: Why, in one sentence; empty for `finished`.
        hint: What to do next.
        detail: The end of the log, for an engineer; empty if the reason is enough.
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
        pydantic.ValidationError: It is no event of a known kind.
    """
    return EVENT.validate_json(line)
