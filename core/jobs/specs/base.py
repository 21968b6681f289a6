"""What every kind of job has: the shape of its arguments and of its result."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

Resource = Literal["train", "quick", "data"]
JsonObject = dict[str, JsonValue]


class Frozen(BaseModel):
    """A part of a spec or of a result: immutable, without other fields than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class Result(Frozen):
    """What a handler returns, as it is stored when the job has finished."""


class Spec(Frozen):
    """The arguments of one kind of job.

    Attributes:
        kind: The kind's name, as it is stored.
        handler: Dotted name of the function that does the work, `module:function`.
        resource: Which workers take it: `train` (one job at a time, for minutes), `quick` (models stay loaded, for
            answers in under a second) or `data` (no framework).
        timeout_seconds: Longest time without an event, after which the worker is killed.
        grace_seconds: The same after a stop request.
        result: Model of what the handler returns.
    """

    kind: str
    handler: ClassVar[str]
    resource: ClassVar[Resource]
    timeout_seconds: ClassVar[float] = 15 * 60
    grace_seconds: ClassVar[float] = 10
    result: ClassVar[type[Result]]

    @classmethod
    def kind_name(cls) -> str:
        """Name of the kind, for queries."""
        return str(cls.model_fields["kind"].default)
